"""The publications that methods texts cite: one row for each, checked against their DOI's record.

What could not be checked of one, such as its pages, is left out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes:
        key: what methods call it.
        short: authors and year, within a sentence.
        full: as it stands in the list, without the DOI.
        doi: its number, or that of its preprint.
    """

    key: str
    short: str
    full: str
    doi: str


_ROWS = (
    Reference(
        "buccino",
        "Buccino et al., 2020",
        "Buccino AP, Hurwitz CL, Garcia S, Magland J, Siegle JH, Hurwitz R, Hennig MH (2020). "
        "SpikeInterface, a unified framework for spike sorting. eLife 9:e61834.",
        "10.7554/eLife.61834",
    ),
    Reference(
        "quiroga",
        "Quian Quiroga et al., 2004",
        "Quian Quiroga R, Nadasdy Z, Ben-Shaul Y (2004). Unsupervised spike detection and sorting "
        "with wavelets and superparamagnetic clustering. Neural Computation 16(8):1661–1687.",
        "10.1162/089976604774201631",
    ),
    Reference(
        "magland",
        "Magland and Barnett, 2015",
        "Magland JF, Barnett AH (2015). Unimodal clustering using isotonic regression: ISO-SPLIT. "
        "arXiv:1508.04841.",
        "10.48550/arXiv.1508.04841",
    ),
    Reference(
        "schwarz",
        "Schwarz, 1978",
        "Schwarz G (1978). Estimating the dimension of a model. The Annals of Statistics "
        "6(2):461–464.",
        "10.1214/aos/1176344136",
    ),
    Reference(
        "campello",
        "Campello et al., 2013",
        "Campello RJGB, Moulavi D, Sander J (2013). Density-based clustering based on "
        "hierarchical density estimates. PAKDD 2013, Lecture Notes in Computer Science "
        "7819:160–172.",
        "10.1007/978-3-642-37456-2_14",
    ),
    Reference(
        "hdbscan",
        "McInnes et al., 2017",
        "McInnes L, Healy J, Astels S (2017). hdbscan: Hierarchical density based clustering. "
        "Journal of Open Source Software 2(11):205.",
        "10.21105/joss.00205",
    ),
    Reference(
        "lloyd",
        "Lloyd, 1982",
        "Lloyd SP (1982). Least squares quantization in PCM. IEEE Transactions on Information "
        "Theory 28(2):129–137.",
        "10.1109/TIT.1982.1056489",
    ),
    Reference(
        "llobet",
        "Llobet et al., 2022",
        "Llobet V, Wyngaard A, Barbour B (2022). Automatic post-processing and merging of multiple "
        "spike-sorting analyses with Lussac. bioRxiv.",
        "10.1101/2022.02.08.479192",
    ),
    Reference(
        "fabre",
        "Fabre et al., 2023",
        "Fabre JMJ, van Beest EH, Peters AJ, Carandini M, Harris KD (2023). Bombcell: automated "
        "curation and cell classification of spike-sorted electrophysiology data. Zenodo.",
        "10.5281/zenodo.8172821",
    ),
    Reference(
        "jain",
        "Jain et al., 2025",
        "Jain A, et al. (2025). UnitRefine: A Community Toolbox for Automated Spike Sorting "
        "Curation. bioRxiv.",
        "10.1101/2025.03.30.645770",
    ),
    Reference(
        "rossant",
        "Rossant et al., 2016",
        "Rossant C, Kadir SN, Goodman DFM, et al. (2016). Spike sorting for large, dense electrode "
        "arrays. Nature Neuroscience 19(4):634–641.",
        "10.1038/nn.4268",
    ),
    Reference(
        "freeman",
        "Freeman et al., 2014",
        "Freeman J, Vladimirov N, Kawashima T, Mu Y, Sofroniew NJ, Bennett DV, Rosen J, Yang C, "
        "Looger LL, Ahrens MB (2014). Mapping brain activity at scale with cluster computing. "
        "Nature Methods 11(9):941–950.",
        "10.1038/nmeth.3041",
    ),
    Reference(
        "ward",
        "Ward, 1963",
        "Ward JH (1963). Hierarchical grouping to optimize an objective function. Journal of the "
        "American Statistical Association 58(301):236–244.",
        "10.1080/01621459.1963.10500845",
    ),
    Reference(
        "owen",
        "Owen and Perry, 2009",
        "Owen AB, Perry PO (2009). Bi-cross-validation of the SVD and the nonnegative matrix "
        "factorization. The Annals of Applied Statistics 3(2):564–594.",
        "10.1214/08-AOAS227",
    ),
    Reference(
        "hubert",
        "Hubert and Arabie, 1985",
        "Hubert L, Arabie P (1985). Comparing partitions. Journal of Classification 2:193–218.",
        "10.1007/BF01908075",
    ),
    Reference(
        "sharma",
        "Sharma et al., 2005",
        "Sharma G, Wu W, Dalal EN (2005). The CIEDE2000 color-difference formula: implementation "
        "notes, supplementary test data, and mathematical observations. Color Research & "
        "Application 30(1):21–30.",
        "10.1002/col.20070",
    ),
    Reference(
        "umap",
        "McInnes et al., 2018",
        "McInnes L, Healy J, Melville J (2018). UMAP: Uniform Manifold Approximation and "
        "Projection for Dimension Reduction. arXiv:1802.03426.",
        "10.48550/arXiv.1802.03426",
    ),
    Reference(
        "fraley",
        "Fraley and Raftery, 2002",
        "Fraley C, Raftery AE (2002). Model-based clustering, discriminant analysis, and density "
        "estimation. Journal of the American Statistical Association 97(458):611–631.",
        "10.1198/016214502760047131",
    ),
    Reference(
        "moulavi",
        "Moulavi et al., 2014",
        "Moulavi D, Jaskowiak PA, Campello RJGB, Zimek A, Sander J (2014). Density-based "
        "clustering validation. Proceedings of the 2014 SIAM International Conference on Data "
        "Mining, 839–847.",
        "10.1137/1.9781611973440.96",
    ),
    Reference(
        "hennig-stability",
        "Hennig, 2007",
        "Hennig C (2007). Cluster-wise assessment of cluster stability. Computational Statistics & "
        "Data Analysis 52(1):258–271.",
        "10.1016/j.csda.2006.11.025",
    ),
    Reference(
        "hennig-merging",
        "Hennig, 2010",
        "Hennig C (2010). Methods for merging Gaussian mixture components.",
        "10.1007/s11634-010-0058-3",
    ),
    Reference(
        "hartigan",
        "Hartigan and Hartigan, 1985",
        "Hartigan JA, Hartigan PM (1985). The dip test of unimodality. The Annals of Statistics "
        "13(1):70–84.",
        "10.1214/aos/1176346577",
    ),
    Reference(
        "liu",
        "Liu et al., 2008",
        "Liu Y, Hayes DN, Nobel A, Marron JS (2008). Statistical significance of clustering for "
        "high-dimension, low-sample size data. Journal of the American Statistical Association "
        "103(483):1281–1293.",
        "10.1198/016214508000000454",
    ),
    Reference(
        "cliff",
        "Cliff, 1993",
        "Cliff N (1993). Dominance statistics: ordinal analyses to answer ordinal questions. "
        "Psychological Bulletin 114(3):494–509.",
        "10.1037/0033-2909.114.3.494",
    ),
    Reference(
        "feng",
        "Feng and Cliff, 2004",
        "Feng D, Cliff N (2004). Monte Carlo evaluation of ordinal d with improved confidence "
        "interval. Journal of Modern Applied Statistical Methods 3(2):322–332.",
        "10.22237/jmasm/1099267560",
    ),
    Reference(
        "varma",
        "Varma and Simon, 2006",
        "Varma S, Simon R (2006). Bias in error estimation when using cross-validation for model "
        "selection. BMC Bioinformatics 7:91.",
        "10.1186/1471-2105-7-91",
    ),
    Reference(
        "breiman",
        "Breiman, 2001",
        "Breiman L (2001). Random forests. Machine Learning 45(1):5–32.",
        "10.1023/A:1010933404324",
    ),
    Reference(
        "chen",
        "Chen and Guestrin, 2016",
        "Chen T, Guestrin C (2016). XGBoost: A scalable tree boosting system. Proceedings of the "
        "22nd ACM SIGKDD International Conference on Knowledge Discovery and Data Mining, "
        "785–794.",
        "10.1145/2939672.2939785",
    ),
    Reference(
        "cover",
        "Cover and Hart, 1967",
        "Cover T, Hart P (1967). Nearest neighbor pattern classification. IEEE Transactions on "
        "Information Theory 13(1):21–27.",
        "10.1109/TIT.1967.1053964",
    ),
    Reference(
        "geurts",
        "Geurts et al., 2006",
        "Geurts P, Ernst D, Wehenkel L (2006). Extremely randomized trees. Machine Learning "
        "63(1):3–42.",
        "10.1007/s10994-006-6226-1",
    ),
    Reference(
        "sklearn",
        "Pedregosa et al., 2011",
        "Pedregosa F, Varoquaux G, Gramfort A, et al. (2011). Scikit-learn: Machine Learning in "
        "Python. Journal of Machine Learning Research 12:2825–2830.",
        "",
    ),
)
REFERENCES: dict[str, Reference] = {row.key: row for row in _ROWS}
"""All by their key."""
