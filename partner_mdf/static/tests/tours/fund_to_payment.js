/* From an allocation to a paid claim, on both sides. */
import { patient } from "@partner_incentive_base/../tests/tours/patient";
import { registry } from "@web/core/registry";

const PICTURE =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function chooseFile(input, name, content) {
    const files = new DataTransfer();
    files.items.add(new File([content], name));
    input.files = files.files;
}

/** Date inputs are typed in parts that depend on the browser's language. */
function setDate(value) {
    return function () {
        this.anchor.value = value;
        for (const name of ["input", "change"]) {
            this.anchor.dispatchEvent(new Event(name, { bubbles: true }));
        }
    };
}

function decode(base64) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

registry.category("web_tour.tours").add("partner_mdf_allocate", {
    steps: () => patient([
        {
            trigger: ".o_kanban_record:contains('Tour fund')",
            run: "click",
        },
        {
            trigger: "button[name='action_allocate']",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='amount'] input",
            run: "edit 2000",
        },
        {
            trigger: ".modal button[name='action_preview']:visible",
            run: "click",
        },
        {
            content: "Two partners, equal parts",
            trigger:
                ".modal .o_data_row:contains('Reseller One'):contains('1,000.00')",
        },
        {
            trigger: ".modal button[name='action_allocate']",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Reseller One'):contains('1,000.00')",
        },
    ]),
});

registry.category("web_tour.tours").add("partner_mdf_request", {
    steps: () => patient([
        {
            trigger: "[data-fund='Tour fund'] .o_mdf_available:contains('1,000.00')",
        },
        {
            trigger: "[data-fund='Tour fund'] a:contains('Ask for money')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "input[name='title']",
            run: "edit Spring campaign",
        },
        {
            trigger: "button:contains('Go on')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "input[name='name']", run: "edit Stand at the fair" },
        { trigger: "select[name='type_id']", run: "selectByLabel Tour event (we pay 50 %)" },
        { trigger: "input[name='date_from']", run: setDate("2026-03-01") },
        { trigger: "input[name='date_to']", run: setDate("2026-03-03") },
        { trigger: "input[name='planned_cost']", run: "edit 800" },
        { trigger: "input[name='expected_leads']", run: "edit 20" },
        {
            trigger: "button:contains('Save and add another')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".alert-success:contains('Saved')" },
        { trigger: "input[name='name']", run: "edit Advertisement" },
        { trigger: "select[name='type_id']", run: "selectByLabel Tour event (we pay 50 %)" },
        { trigger: "input[name='date_from']", run: setDate("2026-03-10") },
        { trigger: "input[name='planned_cost']", run: "edit 600" },
        {
            trigger: "button:contains('Save and go on')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_mdf_requested:contains('700.00')" },
        {
            trigger: "button:contains('Send the request')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".badge:contains('Requested')" },
        { trigger: ".o_mdf_balance:contains('1,000.00')" },
    ]),
});

registry.category("web_tour.tours").add("partner_mdf_decide", {
    steps: () => patient([
        {
            trigger: ".o_data_row:contains('Spring campaign') .o_data_cell[name='title']",
            run: "click",
        },
        {
            content: "The balance stands beside the request",
            trigger: ".o_field_widget[name='balance']:contains('1,000.00')",
        },
        {
            trigger:
                ".o_data_row:contains('Stand at the fair') button[name='action_approve']",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='balance']:contains('600.00')",
        },
        {
            trigger:
                ".o_data_row:contains('Advertisement') .o_data_cell[name='approve_amount']",
            run: "click",
        },
        {
            trigger:
                ".o_data_row:contains('Advertisement') .o_field_widget[name='approve_amount'] input, .o_selected_row .o_field_widget[name='approve_amount'] input",
            run: "edit 200",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger:
                ".o_form_saved .o_data_row:contains('Advertisement') button[name='action_approve'], .o_data_row:contains('Advertisement') button[name='action_approve']",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Approved')",
        },
        {
            trigger: ".o_field_widget[name='balance']:contains('400.00')",
        },
    ]),
});

registry.category("web_tour.tours").add("partner_mdf_claim", {
    steps: () => patient([
        { trigger: ".o_mdf_balance:contains('400.00')" },
        {
            trigger: "[data-activity='Stand at the fair'] .o_mdf_rest:contains('400.00')",
        },
        {
            trigger: "[data-activity='Stand at the fair'] a:contains('Claim'):not(:contains('CLM'))",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "input[name='cost_amount']", run: "edit 700" },
        { trigger: "input[name='date']", run: setDate("2026-03-02") },
        { trigger: "input[name='document_number']", run: "edit R-77" },
        {
            trigger: "button:contains('Go on to the proof')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_mdf_amount:contains('350.00')" },
        { trigger: ".o_mdf_checklist:contains('Photo: 0 of 1')" },
        {
            content: "Without proof it is refused, and the message says what is missing",
            trigger: "button:contains('Send the claim')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".alert-danger:contains('Photo is missing')" },
        {
            trigger: "select[name='evidence_type_id']",
            run: "selectByLabel Photo",
        },
        {
            content: "A script is no photo",
            trigger: "input[name='file']",
            run() {
                chooseFile(this.anchor, "stand.png", "<svg onload='alert(1)'/>");
            },
        },
        {
            trigger: "button:contains('Add the file')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".alert-danger:contains('script')" },
        {
            trigger: "select[name='evidence_type_id']",
            run: "selectByLabel Photo",
        },
        {
            trigger: "input[name='file']",
            run() {
                chooseFile(this.anchor, "stand.png", decode(PICTURE));
            },
        },
        {
            trigger: "button:contains('Add the file')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_mdf_checklist:contains('Photo: 1 of 1')" },
        {
            trigger: "button:contains('Send the claim')",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".badge:contains('Submitted')" },
    ]),
});

registry.category("web_tour.tours").add("partner_mdf_approve_claim", {
    steps: () => patient([
        { trigger: "button[name='action_validate']", run: "click" },
        { trigger: "button[name='action_approve']", run: "click" },
        { trigger: "button[name='action_settle']", run: "click" },
        { trigger: ".o_data_row:contains('Reseller One'):contains('350.00')" },
        { trigger: "button[name='action_post']", run: "click" },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Posted')",
        },
    ]),
});

registry.category("web_tour.tours").add("partner_mdf_timeline", {
    steps: () => patient([
        {
            trigger: "[data-activity='Stand at the fair'] .o_mdf_timeline:contains('paid')",
        },
        {
            trigger:
                "[data-activity='Stand at the fair'] .o_mdf_timeline:contains('released'):contains('50.00')",
        },
        { trigger: ".o_mdf_balance:contains('0.00')" },
    ]),
});
