-- One row for each person of INDIVIDU. The time of the last change is that of the
-- person or of an enrolment, whichever is later: enrolments do not touch INDIVIDU.
SELECT i.COD_ETU AS student,
       i.COD_IND AS internal,
       TRIM(i.COD_NNE_IND) AS ine,
       TRIM(i.COD_CLE_NNE_IND) AS ine_key,
       i.LIB_NOM_PAT_IND AS birth_name,
       i.LIB_NOM_USU_IND AS usage_name,
       i.LIB_PR1_IND AS given_name_1,
       i.LIB_PR2_IND AS given_name_2,
       i.LIB_PR3_IND AS given_name_3,
       i.COD_SEX_ETU AS sex,
       i.DATE_NAI_IND AS birth_date,
       CASE TRIM(i.COD_TYP_DEP_PAY_NAI) WHEN 'P' THEN TRIM(i.COD_DEP_PAY_NAI) WHEN 'D' THEN '100' END AS birth_country,
       CASE WHEN TRIM(i.COD_TYP_DEP_PAY_NAI) = 'D' AND i.LIB_VIL_NAI_ETU IS NOT NULL AND i.COD_DEP_PAY_NAI IS NOT NULL
            THEN TRIM(i.LIB_VIL_NAI_ETU) || ' (' || TRIM(i.COD_DEP_PAY_NAI) || ')'
            ELSE i.LIB_VIL_NAI_ETU END AS birth_place_name,
       CASE WHEN i.COD_PAY_NAT IS NOT NULL THEN '99' || TRIM(i.COD_PAY_NAT) END AS nationalities,
       (SELECT MIN(m.MAIL) FROM APOGEE.ANNU_MEL_LOGIN m WHERE m.COD_ETU = i.COD_ETU) AS email,
       (SELECT MIN(a.ADR_MAIL) FROM APOGEE.ADRESSE a WHERE a.COD_IND = i.COD_IND) AS personal_email,
       i.NUM_BRS_ETU AS grant_number,
       COALESCE(
         GREATEST(COALESCE(i.DAT_MOD_IND, i.DAT_CRE_IND),
           COALESCE((SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM APOGEE.INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND), i.DAT_MOD_IND, i.DAT_CRE_IND),
           COALESCE((SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM APOGEE.INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND), i.DAT_MOD_IND, i.DAT_CRE_IND)),
         -- and for a person without any date:
         GREATEST((SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM APOGEE.INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND),
           (SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM APOGEE.INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND)),
         (SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM APOGEE.INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND),
         (SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM APOGEE.INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND)
       ) AS modified_at
FROM APOGEE.INDIVIDU i
WHERE :year = '0'
   OR EXISTS (SELECT 1 FROM APOGEE.INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND AND iaa.COD_ANU = :year AND iaa.ETA_IAA = 'E')

-- The enrolments in steps (étapes) that are in force, with the annual enrolment above.
SELECT i.COD_ETU AS student,
       iae.COD_ANU AS year,
       'IAE-' || iae.COD_ANU || '-' || iae.COD_IND || '-' || TRIM(iae.COD_ETP) || '-' || iae.COD_VRS_VET || '-' || iae.NUM_OCC_IAE AS enrolment,
       iae.COD_CMP AS component,
       iae.COD_ETP AS programme,
       iae.COD_VRS_VET AS programme_version,
       e.LIB_ETP AS programme_label,
       iae.TEM_IAE_PRM AS main,
       iae.ETA_IAE AS status,
       iae.ETA_PMT_IAE AS payment,
       iaa.COD_RGI AS regime,
       CASE WHEN COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA) > COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)
            THEN COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)
            ELSE COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE) END AS enrolment_modified_at
FROM APOGEE.INS_ADM_ETP iae
JOIN APOGEE.INDIVIDU i ON i.COD_IND = iae.COD_IND
JOIN APOGEE.INS_ADM_ANU iaa ON iaa.COD_IND = iae.COD_IND AND iaa.COD_ANU = iae.COD_ANU AND iaa.ETA_IAA = 'E'
LEFT JOIN APOGEE.ETAPE e ON e.COD_ETP = iae.COD_ETP
WHERE iae.ETA_IAE = 'E' AND (:year = '0' OR iae.COD_ANU = :year)
UNION ALL
-- Enrolments of INS_ANTICIPE_ETP. Its columns are deduced from those of INS_ADM_ETP: compare with yours.
SELECT i.COD_ETU AS student,
       x.COD_ANU AS year,
       'ANTICIPE-' || x.COD_ANU || '-' || x.COD_IND || '-' || TRIM(x.COD_ETP) || '-' || x.COD_VRS_VET AS enrolment,
       NULL AS component,
       x.COD_ETP AS programme,
       x.COD_VRS_VET AS programme_version,
       e.LIB_ETP AS programme_label,
       'N' AS main,
       NULL AS status,
       NULL AS payment,
       NULL AS regime,
       NULL AS enrolment_modified_at
FROM APOGEE.INS_ANTICIPE_ETP x
JOIN APOGEE.INDIVIDU i ON i.COD_IND = x.COD_IND
LEFT JOIN APOGEE.ETAPE e ON e.COD_ETP = x.COD_ETP
WHERE :year = '0' OR x.COD_ANU = :year
UNION ALL
-- Enrolments of INS_DETTE_ETP. Its columns are deduced from those of INS_ADM_ETP: compare with yours.
SELECT i.COD_ETU AS student,
       x.COD_ANU AS year,
       'DETTE-' || x.COD_ANU || '-' || x.COD_IND || '-' || TRIM(x.COD_ETP) || '-' || x.COD_VRS_VET AS enrolment,
       NULL AS component,
       x.COD_ETP AS programme,
       x.COD_VRS_VET AS programme_version,
       e.LIB_ETP AS programme_label,
       'N' AS main,
       NULL AS status,
       NULL AS payment,
       NULL AS regime,
       NULL AS enrolment_modified_at
FROM APOGEE.INS_DETTE_ETP x
JOIN APOGEE.INDIVIDU i ON i.COD_IND = x.COD_IND
LEFT JOIN APOGEE.ETAPE e ON e.COD_ETP = x.COD_ETP
WHERE :year = '0' OR x.COD_ANU = :year

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
FROM APOGEE.RESULTAT_ELP r
JOIN APOGEE.INDIVIDU i ON i.COD_IND = r.COD_IND
LEFT JOIN APOGEE.ELEMENT_PEDAGOGI p ON p.COD_ELP = r.COD_ELP
LEFT JOIN APOGEE.TYP_RESULTAT t ON t.COD_TRE = r.COD_TRE
LEFT JOIN APOGEE.AVCT_OBJ_ANO o ON o.TYP_OBJ_AOA = 'ELP' AND o.COD_OBJ_AOA = r.COD_ELP AND o.COD_ANU = r.COD_ANU
      AND o.COD_SES_OBJ_AOA = r.COD_SES AND o.COD_ADM_OBJ_AOA = r.COD_ADM AND o.ETA_ANO_OBJ_AOA = 'V'
WHERE r.COD_ADM = '1' AND (:year = '0' OR r.COD_ANU = :year)
