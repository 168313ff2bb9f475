"""URL patterns of the public pages and the account pages.

Django tries the patterns in this order. Those below one path are in modules of their own, so that a request is compared
with them only if it begins with that path.
"""

from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path, register_converter

from releasehub.pages import (
    download_views,
    feeds,
    lists,
    pictures,
    reports,
    site,
    style_guide,
    version_preview,
    views,
)
from releasehub.pages.feed_formats import FeedFormatConverter
from releasehub.pages.sitemaps import SITEMAPS

app_name = "pages"
register_converter(FeedFormatConverter, "feed_format")
urlpatterns = [
    path("d/", include("releasehub.pages.permalink_urls")),
    path("feed.<feed_format:format>", feeds.site, name="feed"),
    path("categories/<slug:slug>/feed.<feed_format:format>", feeds.category, name="category-feed"),
    path("downloads/<slug:slug>.<int:pk>/feed.<feed_format:format>", feeds.download, name="download-feed"),
    path("authors/<str:username>/feed.<feed_format:format>", feeds.author, name="author-feed"),
    path("organizations/<slug:slug>/feed.<feed_format:format>", feeds.organization, name="organization-feed"),
    path("tags/<path:tag>/feed.<feed_format:format>", feeds.tag, name="tag-feed"),
    path("", views.front, name="front"),
    path("downloads/", include("releasehub.pages.download_urls")),
    path("account/", include("releasehub.pages.account_urls")),
    path("feeds/", include("releasehub.pages.update_feed_urls")),
    path("search/", lists.search, name="search"),
    path("authors/<str:username>/", lists.author, name="author"),
    path("organizations/<slug:slug>/", lists.organization, name="organization"),
    path("tags/<path:tag>/", lists.tag, name="tag"),
    path("categories/", lists.categories, name="categories"),
    path("theme.css", site.theme, name="theme"),
    path("styleguide/", style_guide.style_guide, name="style-guide"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("llms.txt", site.llms, name="llms"),
    path("robots.txt", site.robots, name="robots"),
    path("sitemap.xml", sitemap_index, {"sitemaps": SITEMAPS, "sitemap_url_name": "pages:sitemap"}, name="sitemaps"),
    path("sitemap-<slug:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("pictures/cards/<slug:public_id>/<slug:digest>.png", pictures.social_card, name="social-card"),
    path("pictures/<slug:public_id>/<int:width>-<slug:digest>.webp", pictures.picture, name="picture"),
    path("avatars/<slug:public_id>/<slug:digest>.webp", pictures.avatar, name="avatar"),
    path("report/<slug:kind>/<slug:public_id>/", reports.report, name="report"),
    path("share/<str:secret>", download_views.share, name="share"),
    path("preview/<str:secret>/", version_preview.preview, name="preview"),
    path("preview/<str:secret>/<str:filename>", version_preview.preview_file, name="preview-file"),
    path(
        "preview/<str:secret>/pictures/<slug:public_id>/<int:width>-<slug:digest>.webp",
        version_preview.preview_picture,
        name="preview-picture",
    ),
]
