"""Writes the golden files of this folder: scikit-learn's answers on seeded data, with a second oracle where one exists.

Run with the versions in requirements.txt: python test/golden/generate.py [name ...]
A file is { name, versions, seed, inputs: { id: data }, cases: { id: { call, inputs, expected, note } } }; see README.md.
Never run it to make a failing test pass.
"""

import sys

from boosting_cases import boosting
from forest_cases import forest
from calibration_cases import calibration_cases
from composition_cases import composition_cases, feature_selection_cases
from glm_cases import coefficient_tables, glm, multinomial, penalised_least_squares
from glm_family_cases import glm_families
from encoder_cases import encoder_cases
from imputer_cases import imputers
from isotonic_cases import isotonic
from linear_cases import linear_regression
from naive_bayes_cases import naive_bayes
from non_negative_cases import non_negative
from logistic_cases import logistic_cv, logistic_penalties, logistic_regression
from label_metric_cases import label_metric_cases
from many_bins_cases import many_bins
from metric_cases import metric_cases, more_metric_cases
from preprocessing_cases import scalers, selectors, transformers
from scaler_cases import standard_scaler
from robust_cases import robust
from summary_cases import summaries
from selection_cases import selection_cases
from sgd_cases import sgd
from svm_cases import svm
from text_cases import text

MAKERS = {
    "boosting": boosting,
    "many-bins": many_bins,
    "forest": forest,
    "standard-scaler": standard_scaler,
    "linear-regression": linear_regression,
    "non-negative": non_negative,
    "logistic-regression": logistic_regression,
    "logistic-cv": logistic_cv,
    "logistic-penalties": logistic_penalties,
    "metrics": metric_cases,
    "more-metrics": more_metric_cases,
    "label-metrics": label_metric_cases,
    "model-selection": selection_cases,
    "calibration": calibration_cases,
    "naive-bayes": naive_bayes,
    "isotonic": isotonic,
    "column-scalers": scalers,
    "column-transformers": transformers,
    "column-selectors": selectors,
    "imputers": imputers,
    "coefficient-tables": coefficient_tables,
    "glm": glm,
    "robust": robust,
    "summaries": summaries,
    "glm-families": glm_families,
    "multinomial": multinomial,
    "penalised-least-squares": penalised_least_squares,
    "encoders": encoder_cases,
    "composition": composition_cases,
    "feature-selection": feature_selection_cases,
    "sgd": sgd,
    "svm": svm,
    "text": text,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or MAKERS:
        MAKERS[wanted]().write()
