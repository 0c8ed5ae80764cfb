/* A partner from its deployment to a new tier, with its customer and its vendor. */
import { patient } from "@partner_incentive_base/../tests/tours/patient";
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("partner_tiering_record_deployment", {
    url: "/my/incentives/performance",
    steps: () => patient([
        {
            content: "Record what was deployed",
            trigger: "a[href='/my/incentives/deployments/new']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "input[name='name']", run: "edit Branch of the north" },
        { trigger: "input[name='customer']", run: "edit Northern Mills" },
        { trigger: "input[name='email']", run: "edit it@mills.example" },
        {
            content: "Today is filled in as its start",
            trigger: "select[name='playbook']",
            run: "selectByLabel Branch",
        },
        {
            trigger: "form button.btn-primary:contains('Save')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Tick the checklist",
            trigger: "label:contains('Architecture') input[type='checkbox']",
            run: "click",
        },
        {
            trigger: "label:contains('Configuration') input[type='checkbox']",
            run: "click",
        },
        {
            trigger: "button[value='live']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is live, and the customer can rate it",
            trigger: "h2:contains('rating')",
        },
    ]),
});

tours.add("partner_tiering_rate_deployment", {
    steps: () => patient([
        {
            content: "The customer rates by the link, without an account",
            trigger: "textarea[name='feedback']",
            run: "edit Everything works since the first day",
        },
        {
            trigger: "button[type='submit'], input[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "h3:contains('Thank you for your feedback')" },
    ]),
});

tours.add("partner_tiering_close_and_promote", {
    steps: () => patient([
        {
            content: "Open the running scorecard",
            trigger: ".o_data_row:contains('Riser') td[name='partner_id']",
            run: "click",
        },
        {
            content: "Every part is explained",
            trigger: ".o_field_widget[name='line_ids'] .o_data_row:contains('Renewal rate')",
        },
        {
            trigger: "button[name='action_close']",
            run: "click",
        },
        {
            content: "Closed scorecards never change; that is asked first",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "The promotion is recommended",
            trigger: ".o_breadcrumb:contains('Tier Changes')",
        },
        {
            trigger: ".o_data_row:contains('Riser') td[name='partner_id']",
            run: "click",
        },
        {
            trigger: "button[name='action_approve']",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('In force')",
        },
    ]),
});

tours.add("partner_tiering_see_new_tier", {
    url: "/my/incentives/performance",
    steps: () => patient([
        {
            content: "The new tier",
            trigger: "strong[name='tier']:contains('Gold')",
        },
        {
            content: "What it brings",
            trigger: "dl[name='benefits']:contains('50 %')",
        },
        {
            content: "The rules are public",
            trigger: "a[href^='/partner-tiers/']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "h2:contains('What a tier asks for')" },
    ]),
});
