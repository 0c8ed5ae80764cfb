/* The newcomer's path: from the login page to an offer that a second person publishes. */
import { patient } from "@partner_incentive_base/../tests/tours/patient";
import { stepUtils } from "@web_tour/tour_utils";
import { registry } from "@web/core/registry";

const at = (step) => `.o_statusbar_status .o_arrow_button_current:contains('${step}')`;

registry.category("web_tour.tours").add("partner_rebate_launch", {
    steps: () => patient([
        {
            content: "Log in",
            trigger: "input[name='login']",
            run: "edit incentive_manager",
        },
        {
            trigger: "input[name='password']",
            run: "edit incentive_manager",
        },
        {
            trigger: ".oe_login_form button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        ...stepUtils.goToAppSteps("partner_incentive_base.menu_incentive_root"),
        {
            trigger: "button[data-menu-xmlid='partner_incentive_base.menu_incentive_catalog']",
            run: "click",
        },
        {
            content: "Launch from the menu",
            trigger: "[data-menu-xmlid='partner_rebate.menu_incentive_launch']",
            run: "click",
        },
        { trigger: at("Define") },
        {
            content: "Define: the objective",
            trigger: ".o_field_widget[name='objective_id'] input",
            run: "edit Sell more",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Sell more')",
            run: "click",
        },
        {
            content: "Its goal per partner",
            trigger: ".o_field_widget[name='goal_amount'] input",
            run: "edit 50000",
        },
        {
            content: "The budget of the program",
            trigger: ".o_field_widget[name='budget_amount'] input",
            run: "edit 20000",
        },
        { trigger: "button[name='action_next']", run: "click" },
        { trigger: at("Segment") },
        {
            content: "Segment: both enrolled partners",
            trigger: ".o_field_widget[name='partner_count']:contains('2')",
        },
        { trigger: "button[name='action_next']", run: "click" },
        { trigger: at("Choose offers") },
        {
            content: "Choose the first one that fits",
            trigger:
                ".o_kanban_record:contains('The usual start') button[name='action_toggle']",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains('The usual start') button:contains('Chosen')",
        },
        { trigger: "button[name='action_next']", run: "click" },
        { trigger: at("Set rules") },
        {
            content: "Another rate from 100,000 on",
            trigger:
                ".o_field_widget[name='bracket_ids'] .o_data_row:contains('100,000.00') td[name='rate']",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name='bracket_ids'] .o_selected_row .o_field_widget[name='rate'] input",
            run: "edit 4",
        },
        { trigger: "button[name='action_next']", run: "click" },
        { trigger: at("Simulate cost") },
        {
            content: "What it would have cost: 4 percent of 120,000",
            trigger:
                ".o_field_widget[name='cost_ids'] .o_data_row:contains('Reseller One'):contains('4,800.00')",
        },
        { trigger: "button[name='action_submit']", run: "click" },
        { trigger: at("Operate") },
        {
            trigger: ".o_field_widget[name='offer_ids'] .o_data_row:contains('In review')",
        },
        {
            content: "Where to look next",
            trigger: "button[name='action_view_offers']",
            run: "click",
        },
        { trigger: ".o_kanban_record:contains('Volume rebate')" },
    ]),
});

registry.category("web_tour.tours").add("partner_rebate_launch_publish", {
    steps: () => patient([
        {
            content: "The activity leads to the offer",
            trigger: ".o_kanban_record:contains('Volume rebate')",
            run: "click",
        },
        {
            trigger: ".o-mail-Activity:contains('then publish or return it')",
        },
        {
            trigger: "button[name='action_publish']",
            run: "click",
        },
        { trigger: at("Published") },
    ]),
});
