# Fetches Python from python.org and installs it for this user only, without an administrator. Called by Start.bat where there is none.
# The file is run only if it carries the valid signature of the Python Software Foundation.
# Exit codes: 0 installed, 2 could not be fetched, 3 not signed as it should be, 4 the installer did not finish.
$ErrorActionPreference = 'Stop'
$version = '3.12.10'
$kind = 'amd64'
if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64') { $kind = 'arm64' }
if ($env:PROCESSOR_ARCHITECTURE -eq 'x86' -and -not $env:PROCESSOR_ARCHITEW6432) { exit 4 }
$file = Join-Path $env:TEMP "python-$version-$kind.exe"
try {
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    $client = New-Object Net.WebClient
    $client.Proxy = [Net.WebRequest]::GetSystemWebProxy()
    $client.Proxy.Credentials = [Net.CredentialCache]::DefaultNetworkCredentials
    $client.DownloadFile("https://www.python.org/ftp/python/$version/python-$version-$kind.exe", $file)
} catch {
    Write-Host $_.Exception.Message
    exit 2
}
$signature = Get-AuthenticodeSignature $file
if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O="?Python Software Foundation') {
    Remove-Item $file -ErrorAction SilentlyContinue
    exit 3
}
$options = '/quiet InstallAllUsers=0 PrependPath=1 Include_launcher=0 Include_test=0 Include_doc=0 Include_tcltk=0 Shortcuts=0'
$run = Start-Process $file -ArgumentList $options -Wait -PassThru
Remove-Item $file -ErrorAction SilentlyContinue
if ($run.ExitCode -eq 0 -or $run.ExitCode -eq 3010) { exit 0 }
Write-Host "The installer ended with code $($run.ExitCode)."
exit 4
