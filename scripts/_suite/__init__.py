"""What the commands in scripts/ share: from a bare machine to a running Odoo 19.

Read in this order, each builds on those before it:

========================  ============================================================
``paths``                 where everything lives, and the settings from the environment
``console``               messages, steps with timings, failures without a traceback
``modules``               the add-on modules of this repository and what they hash to
``downloads``             running apt, git and pip so that a failure tells what to do
``odoo_source``           an Odoo 19: given, already installed, or fetched
``environment``           the virtual environment, and ``prepare()`` which makes it all
``browser``               Chromium for tours, wkhtmltopdf for PDF reports
``postgres``              the server named by ``PG*`` variables, or one of our own
``odoo_server``           Odoo's configuration, and running it or a function inside it
``database``              databases with our modules: built once, cloned for each use
``logwatch``              no warning in Odoo's log goes unseen
``lifecycle``             install, update and uninstall on a database already in use
``example``               the example module of the developer's guide, with its tests
``dashboard_builder``     Odoo's file format for dashboards
``dashboards``            what each dashboard of the suite shows
``command_*``             one file for each command
========================  ============================================================

Everything here needs the standard library only, because it runs before anything is
installed. What needs Odoo runs in a process of the virtual environment: ``in_odoo``.
"""
