import { patient } from "@partner_incentive_base/../tests/tours/patient";
import { registry } from "@web/core/registry";

// Set by the test: a customer's name for each of the two partners.
const register = (customer) => [
    { trigger: "a[href='/my/incentives/deals/new']", run: "click", expectUnloadPage: true },
    { trigger: "#customer_name", run: `edit ${customer}` },
    { trigger: "#customer_city", run: "edit Bonn" },
    { trigger: "#customer_contact", run: "edit Eva Schmitz" },
    { trigger: "#customer_country_id", run: "selectByLabel Germany" },
    { trigger: "button[name='continue']", run: "click", expectUnloadPage: true },
    { trigger: "select[aria-label='Product 1']", run: "selectByIndex 1" },
    { trigger: "input[aria-label='Quantity 1']", run: "edit 10" },
    { trigger: "#expected_value", run: "edit 25000" },
    {
        trigger: "#expected_close_date",
        run() {
            this.anchor.value = "2030-06-30";
        },
    },
    { trigger: "button[name='continue']", run: "click", expectUnloadPage: true },
    { trigger: "#engagement", run: "edit Two visits and a demo of the whole line." },
    { trigger: "button[name='continue']", run: "click", expectUnloadPage: true },
    {
        trigger: "form[action$='/do/submit'] button:contains(Submit)",
        run: "click",
        expectUnloadPage: true,
    },
    { trigger: ".alert-success:contains(in review)" },
];

registry.category("web_tour.tours").add("partner_deal_first_partner", {
    url: "/my/incentives/deals",
    steps: () => patient(register("Rheinische Turbinen AG")),
});

registry.category("web_tour.tours").add("partner_deal_second_partner", {
    url: "/my/incentives/deals",
    steps: () => patient(register("Reinische Turbinen Aktiengesellschaft")),
});

registry.category("web_tour.tours").add("partner_deal_manager", {
    url: "/odoo/deal-registrations",
    steps: () => patient([
        {
            trigger: ".o_kanban_record:contains(Reinische Turbinen Aktiengesellschaft)",
            run: "click",
        },
        { trigger: ".alert-danger:contains(Another partner has registered)" },
        { trigger: ".nav-link[name='duplicates']", run: "click" },
        {
            trigger: "div[name='finding_ids'] .o_data_row td[name='record_name']",
            run: "click",
        },
        { trigger: ".modal table:contains(Rheinische Turbinen AG)" },
        { trigger: ".modal .btn-close", run: "click" },
        { trigger: "button:contains(Reject)", run: "click" },
        { trigger: ".modal .o_field_widget[name='code'] select, .modal .o_field_widget[name='code'] input", run: "click" },
        { trigger: ".o_select_menu_item:contains(The deal is protected)", run: "click" },
        { trigger: ".modal button[name='action_confirm']", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Rejected)" },
        { trigger: ".o_breadcrumb a:contains(Deal Registrations), .breadcrumb-item a", run: "click" },
        {
            trigger: ".o_kanban_record:contains(Rheinische Turbinen AG)",
            run: "click",
        },
        { trigger: "button[name='action_approve']", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Approved)" },
    ]),
});
