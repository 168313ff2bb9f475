"""URL patterns of the public pages and the account pages."""

from django.urls import path

from releasehub.pages import access_keys, account, invitations, permalinks, views, webhooks

app_name = "pages"
urlpatterns = [
    path("", views.front, name="front"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("downloads/categories/<slug:slug>.<int:pk>/", views.category_by_id, name="category-by-id"),
    path("downloads/<slug:slug>.<int:pk>/", views.download, name="download"),
    path("downloads/<slug:slug>/", views.download_by_slug, name="download-by-slug"),
    path("downloads/<slug:slug>.<int:pk>/<str:number>/", views.version, name="version"),
    path("account/", account.account, name="account"),
    path("account/sign-in/", account.SignInView.as_view(), name="sign-in"),
    path("account/sign-out/", account.SignOutView.as_view(), name="sign-out"),
    path("account/keys/", account.issue, name="key-issue"),
    path("account/keys/<int:pk>/revoke/", account.revoke, name="key-revoke"),
    path("share/<str:secret>", views.share, name="share"),
    path("account/access-keys/", access_keys.index, name="access-keys"),
    path("account/access-keys/new/", access_keys.new, name="access-key-new"),
    path("account/access-keys/<slug:public_id>/revoke/", access_keys.revoke, name="access-key-revoke"),
    path("account/downloads/<slug:public_id>/team/", invitations.team, name="team-people"),
    path("account/organizations/<slug:public_id>/", invitations.organization, name="organization-people"),
    path("account/invitations/by-link/<slug:token>/", invitations.by_link, name="invitation-by-link"),
    path("account/invitations/<slug:public_id>/<slug:name>/", invitations.answer, name="invitation-answer"),
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
