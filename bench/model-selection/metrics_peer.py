"""scikit-learn's ten metrics of two classes, one after the other."""

import numpy as np


class TenMetrics:
    def setup(self, data):
        flat = np.fromfile(f"{data['directory']}/rows.f64", dtype="<f8").reshape(3, data["rows"])
        # Labels as integers, which scikit-learn is quicker with.
        self.t, self.p, self.s = flat[0].astype(np.int64), flat[1].astype(np.int64), flat[2]

    def run(self):
        from sklearn import metrics as m

        t, p, s = self.t, self.p, self.s
        return [
            m.accuracy_score(t, p),
            m.balanced_accuracy_score(t, p),
            m.precision_score(t, p),
            m.recall_score(t, p),
            m.f1_score(t, p),
            m.matthews_corrcoef(t, p),
            -m.log_loss(t, s),
            -m.brier_score_loss(t, s),
            m.roc_auc_score(t, s),
            m.average_precision_score(t, s),
        ]

    def values(self, scores):
        return {"scores": np.array(scores)}


WORKS = {"ten-metrics": TenMetrics}
