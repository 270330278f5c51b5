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
       (SELECT MIN(m.MAIL) FROM {schema}ANNU_MEL_LOGIN m WHERE m.COD_ETU = i.COD_ETU) AS email,
       (SELECT MIN(a.ADR_MAIL) FROM {schema}ADRESSE a WHERE a.COD_IND = i.COD_IND) AS personal_email,
       i.NUM_BRS_ETU AS grant_number,
       COALESCE(
         {greatest}(COALESCE(i.DAT_MOD_IND, i.DAT_CRE_IND),
           COALESCE((SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM {schema}INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND), i.DAT_MOD_IND, i.DAT_CRE_IND),
           COALESCE((SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM {schema}INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND), i.DAT_MOD_IND, i.DAT_CRE_IND)),
         -- and for a person without any date:
         {greatest}((SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM {schema}INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND),
           (SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM {schema}INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND)),
         (SELECT MAX(COALESCE(iaa.DAT_MOD_IAA, iaa.DAT_CRE_IAA)) FROM {schema}INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND),
         (SELECT MAX(COALESCE(iae.DAT_MOD_IAE, iae.DAT_CRE_IAE)) FROM {schema}INS_ADM_ETP iae WHERE iae.COD_IND = i.COD_IND)
       ) AS modified_at
FROM {schema}INDIVIDU i
WHERE :year = '0'
   OR EXISTS (SELECT 1 FROM {schema}INS_ADM_ANU iaa WHERE iaa.COD_IND = i.COD_IND AND iaa.COD_ANU = :year AND iaa.ETA_IAA = 'E')
