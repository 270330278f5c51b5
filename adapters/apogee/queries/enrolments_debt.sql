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
FROM {schema}INS_DETTE_ETP x
JOIN {schema}INDIVIDU i ON i.COD_IND = x.COD_IND
LEFT JOIN {schema}ETAPE e ON e.COD_ETP = x.COD_ETP
WHERE :year = '0' OR x.COD_ANU = :year
