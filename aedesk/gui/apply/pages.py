"""The pages of the Apply tab, in the order of their buttons."""

from aedesk.gui.apply.anomalies_page import AnomaliesPage
from aedesk.gui.apply.compress_page import CompressPage
from aedesk.gui.apply.denoise_page import DenoisePage
from aedesk.gui.apply.features_page import FeaturesPage
from aedesk.gui.apply.page import Page
from aedesk.gui.apply.sizes_page import SizesPage

PAGES: tuple[type[Page], ...] = (DenoisePage, AnomaliesPage, CompressPage, FeaturesPage, SizesPage)
