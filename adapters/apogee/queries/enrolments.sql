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
FROM {schema}INS_ADM_ETP iae
JOIN {schema}INDIVIDU i ON i.COD_IND = iae.COD_IND
JOIN {schema}INS_ADM_ANU iaa ON iaa.COD_IND = iae.COD_IND AND iaa.COD_ANU = iae.COD_ANU AND iaa.ETA_IAA = 'E'
LEFT JOIN {schema}ETAPE e ON e.COD_ETP = iae.COD_ETP
WHERE iae.ETA_IAE = 'E' AND (:year = '0' OR iae.COD_ANU = :year)
