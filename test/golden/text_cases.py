"""Vectorizers of text with all their options: scikit-learn's rows, columns and weights on documents in several scripts."""

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer

from golden_file import Golden, rng

ENGLISH = [
    "The quick brown fox jumps over the lazy dog.",
    "the Dog sleeps; the fox -- quick, brown, QUICK -- does not",
    "a an I of it",
    "under_scores and 42 numbers, 3.14 and 7 more: x1 y2",
    "Tabs\tand\nnew lines  and   runs \r\n of   space",
    "",
    "fox fox fox fox dog dog",
    "don't can't won't: rock'n'roll e-mail co-operate",
    "A very-very-long-hyphenated-word, Antidisestablishmentarianism and pneumonoultramicroscopicsilicovolcanoconiosis.",
]
WORLD = [
    "Äpfel, Öl und Übermut: die Straße ist groß. STRASSE GROẞ",
    "Le garçon naïve a mangé une crème brûlée à l’hôtel; œuvre, cœur",
    "ΟΔΥΣΣΕΥΣ Ὀδυσσεύς σοφός ΣΟΦΟΣ",
    "Съешь же ещё этих мягких французских булок, да выпей чаю",
    "漢字 かな カナ 한국어 漢字 テスト中",
    "İstanbul ISTANBUL ıstanbul Iğdır",
    "हिन्दी देवनागरी लिपि",
    "emoji 😀😀 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 ﬁne ² ½ Ⅷ",
    "non\u00a0breaking\u2003em space\u3000wide \u0085next\u001fsep",
    "a\u0301 combining e\u0301 n\u0303 versus \u00e1 \u00e9 \u00f1 \u1ea5 d\u0327\u0307",
    "plain ascii beside all that plain",
]


def rows_of(X):
    """Entries of a row by column: scikit-learn leaves them in the order in which it found the terms."""
    X = sp.csr_matrix(X).copy()
    X.sort_indices()
    return {"shape": list(X.shape), "indptr": X.indptr, "indices": X.indices, "values": X.data}


def made_documents():
    """Documents of words of very different frequencies."""
    r = rng(40)
    words = [f"w{k:02d}" for k in range(30)]
    p = 1 / np.arange(1, 31)
    return [" ".join(r.choice(words, r.integers(3, 14), p=p / p.sum())) for _ in range(40)]


def text():
    g = Golden("text")
    documents = {"english": ENGLISH, "world": WORLD, "made": made_documents()}
    for key, docs in documents.items():
        g.put(key, cells=[docs])

    def vectorizer(kind, key, where, options):
        est = {"count": CountVectorizer, "tfidf": TfidfVectorizer, "hashing": HashingVectorizer}[kind](**options)
        X = est.fit_transform(documents[where])
        expected = {"options": options, **rows_of(X)}
        if kind != "hashing":
            expected["names"] = list(est.get_feature_names_out())
        if kind == "tfidf" and options.get("use_idf", True):
            expected["idf"] = est.idf_
        g.case(f"{kind} {where} {key}", f"{type(est).__name__}(**options).fit_transform(documents)", [where], expected)

    for where in ["english", "world"]:
        for key, options in [
            ("default", {}),
            ("case kept", {"lowercase": False}),
            ("ascii accents", {"strip_accents": "ascii"}),
            ("unicode accents", {"strip_accents": "unicode"}),
            ("accents, case kept", {"strip_accents": "unicode", "lowercase": False}),
            ("words 1 to 3", {"ngram_range": (1, 3)}),
            ("words 2 to 2", {"ngram_range": (2, 2)}),
            ("characters", {"analyzer": "char"}),
            ("characters 2 to 4", {"analyzer": "char", "ngram_range": (2, 4)}),
            ("characters in words 1 to 3", {"analyzer": "char_wb", "ngram_range": (1, 3)}),
            ("characters in words 5 to 6", {"analyzer": "char_wb", "ngram_range": (5, 6)}),
            ("one letter", {"token_pattern": r"(?u)\b\w+\b"}),
            ("pattern with a group", {"token_pattern": r"(?u)(\w+)[-' ]\w"}),
            ("pattern of classes", {"token_pattern": r"[^\W\d_]{2,}|\d+"}),
            ("pattern of space", {"token_pattern": r"[^\s,.]+"}),
            ("pattern, ignoring case", {"token_pattern": r"(?i)[a-f]\w*\B", "lowercase": False}),
            ("binary", {"binary": True}),
            ("stop list", {"stop_words": ["the", "fox", "und", "plain", "漢字", "σοφός"], "ngram_range": (1, 2)}),
            ("english stop words", {"stop_words": "english"}),
        ]:
            vectorizer("count", key, where, options)
            if key in ("default", "binary", "words 1 to 3", "characters in words 1 to 3", "english stop words", "ascii accents"):
                vectorizer("hashing", key, where, {**options, "n_features": 2**18})

    for key, options in [
        ("at least 3", {"min_df": 3}),
        ("at least a tenth", {"min_df": 0.1}),
        ("at most 20", {"max_df": 20}),
        ("at most half", {"max_df": 0.5}),
        ("between", {"min_df": 2, "max_df": 0.6}),
        # Among the first seven terms no two are equally frequent at the edge.
        ("most frequent", {"max_features": 4}),
        ("most frequent, binary", {"max_features": 3, "binary": True}),
        ("given list", {"vocabulary": ["w03", "w00", "nowhere", "w29"]}),
        ("given columns", {"vocabulary": {"w05": 1, "w01": 0, "w00": 2}}),
    ]:
        vectorizer("count", key, "made", options)
    for key, options in [
        ("default", {}),
        ("l1", {"norm": "l1"}),
        ("no norm", {"norm": None}),
        ("no idf", {"use_idf": False}),
        ("not smooth", {"smooth_idf": False}),
        ("sublinear", {"sublinear_tf": True}),
        ("binary and limits", {"binary": True, "min_df": 3, "max_df": 0.6, "ngram_range": (1, 2)}),
        ("given list", {"vocabulary": ["w03", "w00", "nowhere", "w29"]}),
    ]:
        vectorizer("tfidf", key, "made", options)
    vectorizer("tfidf", "default", "world", {})
    for key, options in [
        ("few columns", {"n_features": 7}),
        ("few columns, no sign", {"n_features": 7, "alternate_sign": False}),
        ("few columns, binary", {"n_features": 7, "binary": True}),
        ("l1", {"n_features": 1000, "norm": "l1"}),
        ("no norm", {"n_features": 1000, "norm": None}),
        ("many columns", {"n_features": 2**31 - 2}),
    ]:
        vectorizer("hashing", key, "made", options)

    counts = CountVectorizer().fit_transform(documents["made"])
    counts.sort_indices()
    g.put("counts", csr={"shape": list(counts.shape), "indptr": counts.indptr, "indices": counts.indices, "data": counts.data})
    for key, options in [("default", {}), ("l1", {"norm": "l1"}), ("no norm", {"norm": None}), ("not smooth", {"smooth_idf": False}),
                         ("sublinear", {"sublinear_tf": True}), ("no idf", {"use_idf": False})]:  # fmt: skip
        est = TfidfTransformer(**options).fit(counts)
        expected = {"options": options, **rows_of(est.transform(counts))}
        if options.get("use_idf", True):
            expected["idf"] = est.idf_
        g.case(f"tfidf transformer {key}", f"TfidfTransformer(**{options}).fit_transform(counts)", ["counts"], expected)

    towns = ["Bern", "Zürich", "Genève", "Bern", "漢"]
    sizes = [1.5, 0.0, -2.0, 3.0, 0.25]
    g.put("table", cells=[towns], columns=[np.array(sizes)])
    records = [{"town": t, "size": s} for t, s in zip(towns, sizes)]
    pairs = [[("a", 1.0), ("b", 2.5), ("a", -0.5)], [("ü", 3.0)], [], [("c", 0.0)]]
    strings = [["red", "blue", "red"], ["grün"], [], ["red"]]
    for key, options in [("default", {}), ("few columns", {"n_features": 5}), ("no sign", {"n_features": 5, "alternate_sign": False})]:
        for kind, rows in [("dict", records), ("pair", pairs), ("string", strings)]:
            X = FeatureHasher(input_type=kind, **options).transform(rows)
            X.sum_duplicates()
            g.case(f"hasher {kind} {key}", f"FeatureHasher(input_type={kind!r}, **{options}).transform(rows)", ["table"],
                   {"options": options, "rows": rows, **rows_of(X)})  # fmt: skip
    return g
