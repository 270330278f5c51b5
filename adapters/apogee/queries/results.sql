-- Results of elements (ELP), of any session. A mark under the lock of anonymity is
-- not given, as if there were none yet.
SELECT i.COD_ETU AS student,
       r.COD_ANU AS year,
       r.COD_ELP AS course,
       p.COD_NEL AS course_kind,
       p.LIB_ELP AS course_title,
       p.NBR_PNT_ECT_ELP AS course_ects,
       CASE WHEN o.COD_OBJ_AOA IS NULL THEN COALESCE(CAST(r.NOT_ELP AS VARCHAR(12)), r.NOT_SUB_ELP) END AS mark,
       r.BAR_NOT_ELP AS scale,
       CASE WHEN o.COD_OBJ_AOA IS NULL THEN t.COD_NEG_TRE END AS passed,
       CASE WHEN o.COD_OBJ_AOA IS NULL THEN r.COD_TRE END AS code,
       r.COD_SES AS exam_session
FROM {schema}RESULTAT_ELP r
JOIN {schema}INDIVIDU i ON i.COD_IND = r.COD_IND
LEFT JOIN {schema}ELEMENT_PEDAGOGI p ON p.COD_ELP = r.COD_ELP
LEFT JOIN {schema}TYP_RESULTAT t ON t.COD_TRE = r.COD_TRE
LEFT JOIN {schema}AVCT_OBJ_ANO o ON o.TYP_OBJ_AOA = 'ELP' AND o.COD_OBJ_AOA = r.COD_ELP AND o.COD_ANU = r.COD_ANU
      AND o.COD_SES_OBJ_AOA = r.COD_SES AND o.COD_ADM_OBJ_AOA = r.COD_ADM AND o.ETA_ANO_OBJ_AOA = 'V'
WHERE r.COD_ADM = '1' AND (:year = '0' OR r.COD_ANU = :year)
