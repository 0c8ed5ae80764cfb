/* From an offer in review to booked, explained and settled money. */
import { patient } from "@partner_incentive_base/../tests/tours/patient";
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("partner_rebate_offer_to_settlement", {
    steps: () => patient([
        {
            content: "Open the offer that waits for approval",
            trigger: ".o_kanban_record:contains('Tour rebate')",
            run: "click",
        },
        {
            trigger: "button[name='action_publish']",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Published')",
        },
        {
            content: "Look at what a run would book",
            trigger: "button[name='action_preview_accrual']",
            run: "click",
        },
        {
            trigger:
                ".modal .o_field_widget[name='line_ids'] .o_data_row:contains('Reseller One')",
        },
        {
            trigger: ".modal button[name='action_book']",
            run: "click",
        },
        {
            content: "The run says what it booked",
            trigger: ".o_form_view h1:contains('RUN/')",
        },
        {
            trigger: "button[name='action_view_entries']",
            run: "click",
        },
        {
            content: "Ask the entry why",
            trigger:
                ".o_list_view .o_data_row:contains('Reseller One') button[name='action_explain']",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains('Entitled'):contains('100.00')",
        },
        {
            trigger: ".modal button[special='cancel']",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[data-menu-xmlid='partner_incentive_base.menu_incentive_money']",
            run: "click",
        },
        {
            trigger: "a[data-menu-xmlid='partner_incentive_base.menu_incentive_settlement']",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains('Settlements')",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: "button[name='action_propose']",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('Reseller One'):contains('100.00')",
        },
        {
            trigger: "button[name='action_post']",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Posted')",
        },
        {
            content: "The documents are one click away",
            trigger: "button[name='action_view_moves']",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Reseller One')",
        },
    ]),
});
