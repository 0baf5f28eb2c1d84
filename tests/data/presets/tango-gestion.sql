-- A small company in Tango Gestion: only the columns that are read, own rows.
CREATE TABLE "dbo"."GVA12" (
    "T_COMP" varchar(3) NOT NULL, "N_COMP" varchar(14) NOT NULL, "COD_CLIENT" varchar(6), "FECHA_EMIS" timestamp,
    "ESTADO" varchar(3), PRIMARY KEY ("T_COMP", "N_COMP")
);
CREATE TABLE "dbo"."GVA46" (
    "T_COMP" varchar(3) NOT NULL, "N_COMP" varchar(14) NOT NULL, "FECHA_VTO" timestamp NOT NULL, "IMPORTE_VT" numeric(17,2),
    "ESTADO_VTO" varchar(3), PRIMARY KEY ("T_COMP", "N_COMP", "FECHA_VTO")
);
CREATE TABLE "dbo"."GVA07" (
    "T_COMP" varchar(3), "N_COMP" varchar(14), "FECHA_VTO" timestamp, "T_COMP_CAN" varchar(3), "N_COMP_CAN" varchar(14),
    "IMPORT_CAN" numeric(17,2)
);
CREATE TABLE "dbo"."GVA15" ("IDENT_COMP" varchar(3) PRIMARY KEY, "TIPO_COMP" varchar(1));
CREATE TABLE "dbo"."GVA14" (
    "COD_CLIENT" varchar(6) PRIMARY KEY, "RAZON_SOCI" varchar(60), "CUIT" varchar(20), "E_MAIL" varchar(255), "CLAUSULA" smallint
);
INSERT INTO "dbo"."GVA15" VALUES ('FAC', 'F'), ('NCC', 'C'), ('NDC', 'D');
INSERT INTO "dbo"."GVA14" VALUES
    ('MA0001', 'Ñandú Peña Hnos. S.R.L.', '30-50000001-7', 'pagos@nandu.example', 0), ('MA0002', 'Dólar S.A.', '', '', 1),
    ('EX0003', 'Otro', NULL, NULL, 0);
INSERT INTO "dbo"."GVA12" VALUES
    ('FAC', 'A0000100000001', 'MA0001', '2026-01-02 00:00:00', 'PEN'), ('FAC', 'A0000100000002', 'MA0002', '1800-01-01 00:00:00', 'PEN'),
    ('FAC', 'A0000100000003', 'EX0003', '2026-01-02 00:00:00', 'CAN'), ('NCC', 'A0000100000004', 'MA0001', '2026-01-02 00:00:00', 'PEN'),
    ('FAC', 'A0000100000005', 'EX0003', '2026-01-02 00:00:00', 'PEN');
INSERT INTO "dbo"."GVA46" VALUES
    ('FAC', 'A0000100000001', '2026-01-31 00:00:00', 1000.00, 'PEN'), ('FAC', 'A0000100000001', '2026-02-28 00:00:00', 1000.00, 'PEN'),
    ('FAC', 'A0000100000001', '2026-03-31 00:00:00', 500.00, 'PAG'), ('FAC', 'A0000100000002', '2026-01-31 00:00:00', 70.00, 'PEN'),
    ('FAC', 'A0000100000003', '2026-01-31 00:00:00', 70.00, 'PEN'), ('NCC', 'A0000100000004', '2026-01-31 00:00:00', 30.00, 'PEN'),
    ('FAC', 'A0000100000005', '1800-01-01 00:00:00', 80.00, 'PEN'), ('FAC', 'A0000100000005', '2026-02-15 00:00:00', 90.00, 'PEN'),
    ('FAC', 'A0000100000005', '2026-02-20 00:00:00', 10.00, 'PEN'), ('FAC', 'A0000100000005', '2026-02-25 00:00:00', 10.00, 'PEN');
INSERT INTO "dbo"."GVA07" VALUES
    ('FAC', 'A0000100000001', '2026-01-31 00:00:00', 'REC', 'R1', 400.00), ('FAC', 'A0000100000001', '2026-01-31 00:00:00', 'NCC', 'C1', 100.10),
    ('FAC', 'A0000100000001', '2026-01-31 00:00:00', 'NDC', 'D1', 20.00), ('FAC', 'A0000100000005', '2026-02-15 00:00:00', 'REC', 'R2', 90.00),
    ('FAC', 'A0000100000005', '2026-02-20 00:00:00', 'REC', 'R3', 15.00), ('FAC', 'A0000100000005', '2026-02-25 00:00:00', 'NDC', 'D2', 5.00);
