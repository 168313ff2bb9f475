"""URL patterns of the public pages and the account pages."""

from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.urls import path, register_converter

from releasehub.pages import (
    access_keys,
    account,
    community,
    feeds,
    invitations,
    ownership,
    permalinks,
    views,
    watches,
    webhooks,
)
from releasehub.pages.feed_formats import FeedFormatConverter
from releasehub.pages.sitemaps import SITEMAPS

app_name = "pages"
register_converter(FeedFormatConverter, "feed_format")
urlpatterns = [
    path("feed.<feed_format:format>", feeds.site, name="feed"),
    path("categories/<slug:slug>/feed.<feed_format:format>", feeds.category, name="category-feed"),
    path("downloads/<slug:slug>.<int:pk>/feed.<feed_format:format>", feeds.download, name="download-feed"),
    path("authors/<str:username>/feed.<feed_format:format>", feeds.author, name="author-feed"),
    path("", views.front, name="front"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemap_index, {"sitemaps": SITEMAPS, "sitemap_url_name": "pages:sitemap"}, name="sitemaps"),
    path("sitemap-<slug:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("downloads/categories/<slug:slug>.<int:pk>/", views.category_by_id, name="category-by-id"),
    path("downloads/<slug:slug>.<int:pk>/", views.download, name="download"),
    path("downloads/<slug:slug>/", views.download_by_slug, name="download-by-slug"),
    path("downloads/<slug:slug>.<int:pk>/<str:number>/", views.version, name="version"),
    path("account/", account.account, name="account"),
    path("account/watches/downloads/<int:pk>/", watches.watch_download, name="watch-download"),
    path("account/watches/categories/<int:pk>/", watches.watch_category, name="watch-category"),
    path("account/watches/stop/<str:token>/", watches.stop, name="watch-stop"),
    path("account/sign-in/", account.SignInView.as_view(), name="sign-in"),
    path("account/sign-out/", account.SignOutView.as_view(), name="sign-out"),
    path("account/keys/", account.issue, name="key-issue"),
    path("account/keys/<int:pk>/revoke/", account.revoke, name="key-revoke"),
    path("share/<str:secret>", views.share, name="share"),
    path("account/access-keys/", access_keys.index, name="access-keys"),
    path("account/access-keys/new/", access_keys.new, name="access-key-new"),
    path("account/access-keys/<slug:public_id>/revoke/", access_keys.revoke, name="access-key-revoke"),
    path("account/downloads/<slug:public_id>/team/", invitations.team, name="team-people"),
    path("account/downloads/<slug:public_id>/owner/", ownership.ownership, name="ownership-people"),
    path("account/organizations/<slug:public_id>/", invitations.organization, name="organization-people"),
    path("account/invitations/by-link/<slug:token>/", invitations.by_link, name="invitation-by-link"),
    path("account/invitations/<slug:public_id>/<slug:name>/", invitations.answer, name="invitation-answer"),
    path("account/downloads/<slug:public_id>/comment/", community.new_comment, name="comment-new"),
    path("account/downloads/<slug:public_id>/review/", community.new_review, name="review-new"),
    path("account/comments/<slug:public_id>/edit/", community.comment, name="comment-edit"),
    path("account/comments/<slug:public_id>/delete/", community.delete_comment, name="comment-delete"),
    path("account/reviews/<slug:public_id>/edit/", community.review, name="review-edit"),
    path("account/reviews/<slug:public_id>/reply/", community.reply, name="review-reply"),
    path("account/reviews/<slug:public_id>/delete/", community.delete_review, name="review-delete"),
    path("account/webhooks/", webhooks.index, name="webhooks"),
    path("account/webhooks/new/", webhooks.new, name="webhook-new"),
    path("account/webhooks/<slug:public_id>/", webhooks.endpoint, name="webhook"),
    path("account/webhooks/<slug:public_id>/edit/", webhooks.edit, name="webhook-edit"),
    path("account/webhooks/<slug:public_id>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("account/webhooks/<slug:public_id>/delete/", webhooks.delete, name="webhook-delete"),
    path("account/webhooks/<slug:public_id>/replay/", webhooks.replay, name="webhook-replay"),
    path("account/webhooks/<slug:public_id>/do/<slug:name>/", webhooks.act, name="webhook-act"),
    path("account/webhooks/<slug:public_id>/log/<slug:webhook_id>/", webhooks.delivery, name="webhook-delivery"),
    path(
        "account/webhooks/<slug:public_id>/log/<slug:webhook_id>/replay/",
        webhooks.replay_one,
        name="webhook-delivery-replay",
    ),
    path("d/<slug:slug>/latest/", permalinks.latest, name="latest-primary"),
    path("d/<slug:slug>/latest/<str:target>", permalinks.latest, name="latest"),
    path("d/<slug:slug>/latest-<str:line>/", permalinks.latest, name="latest-line-primary"),
    path("d/<slug:slug>/channel/<str:channel>/", permalinks.latest, name="latest-channel-primary"),
    path("d/<slug:slug>/latest-<str:line>/<str:target>", permalinks.latest, name="latest-line"),
    path("d/<slug:slug>/channel/<str:channel>/<str:target>", permalinks.latest, name="latest-channel"),
    path("d/<slug:slug>/<str:number>/<str:filename>", permalinks.exact, name="file"),
]
