{
    "name": "Payment reminders",
    "summary": "Decides daily who gets which payment reminder, and why, by dunning_core",
    "version": "1.0.0",
    "category": "Accounting",
    "author": "the dunning authors",
    "license": "LGPL-3",
    "depends": ["account", "mail"],
    "external_dependencies": {"python": ["dunning"]},
    "data": [
        "security/ir.model.access.csv",
        "security/rules.xml",
        "views/dunning_run_views.xml",
        "views/res_company_views.xml",
        "data/cron.xml",
    ],
    "installable": True,
}
