"""The models of files: blobs, files of versions, uploads, pictures, download statistics, and reserved file names,
and blocked bytes."""

from files.models.avatar import Avatar
from files.models.blob import Blob
from files.models.file import File
from files.models.picture import Picture, PictureSize, SocialCard
from files.models.public_name import PublicFileName
from files.models.quarantine import Quarantine
from files.models.scan import StorageScan
from files.models.statistics import DownloadDay, DownloadGrant, HubDay
from files.models.upload import DownloadIcon, PackageUpload, UploadSession
