/**
 * Steps of a tour that wait longer for a page than Odoo's ten seconds.
 *
 * @param {Object[]} steps
 * @returns {Object[]}
 */
export function patient(steps) {
    return steps.map((step) => ({ timeout: 60000, ...step }));
}
