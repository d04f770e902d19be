/**
 * Part of every cached variant's key. Raise it with any change after which a recipe gives other bytes for the same model, recipe
 * and calibration items; a cache from before is then not used.
 */
export const QUANTIZER_REVISION = 7;
