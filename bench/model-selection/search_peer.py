"""The peers of the suite's searches: scikit-learn with two processes, and Dask-ML with two threads."""

import warnings

import numpy as np

warnings.filterwarnings("ignore")


class Grid:
    """24 points: C and the intercept, over five stratified folds in the rows' order."""

    def setup(self, data):
        import pandas as pd

        table = pd.read_parquet(f"{data['directory']}/table.parquet")
        self.y = table.pop("label").to_numpy()
        self.X = table.astype({name: object for name in table.columns if name.startswith("c")})

    def search(self):
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        numbers = [name for name in self.X.columns if name.startswith("n")]
        texts = [name for name in self.X.columns if name.startswith("c")]
        columns = ColumnTransformer([("numbers", StandardScaler(), numbers), ("texts", OneHotEncoder(), texts)])
        model = Pipeline([("columns", columns), ("logistic", LogisticRegression(tol=1e-5, max_iter=500))])
        grid = {"logistic__C": list(np.logspace(-4, 3, 12)), "logistic__fit_intercept": [True, False]}
        return model, grid, {"scoring": "neg_log_loss", "cv": StratifiedKFold(5)}

    def run(self):
        from sklearn.model_selection import GridSearchCV

        model, grid, rest = self.search()
        return GridSearchCV(model, grid, n_jobs=2, **rest).fit(self.X, self.y)

    def values(self, search):
        return {"scores": search.cv_results_["mean_test_score"], "best": int(search.best_index_)}


class DaskGrid(Grid):
    def run(self):
        import dask
        from dask_ml.model_selection import GridSearchCV

        model, grid, rest = self.search()
        with dask.config.set(scheduler="threads", num_workers=2):
            return GridSearchCV(model, grid, **rest).fit(self.X, self.y)


WORKS = {"grid-search/scikit-learn": Grid, "grid-search/dask-ml": DaskGrid}
