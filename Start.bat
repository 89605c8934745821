@echo off
setlocal EnableExtensions DisableDelayedExpansion
rem What stands here is read as UTF-8, so that an umlaut in a name or path is one; below the window gets back what it had.
set "CODEPAGE="
for /f "tokens=2 delims=:." %%C in ('chcp') do set "CODEPAGE=%%C"
chcp 65001 >nul

rem TempHub: double-click this file to start the hub. Ctrl-C stops it.
rem To change a setting, take the word "rem" away in front of "set" and put your value between the "=" and the last quote.
rem Leave the quotes, or an & in the value would cut it off; no spaces around the "="; write %% for a percent sign.
rem What is not set here keeps its default, which is what is shown.

rem Address of this computer to listen on; 0.0.0.0 is all of them:
rem set "HOST=0.0.0.0"
rem The one port, for the page and for the probes:
rem set "PORT=8088"
rem The base address told to probes (default: worked out for each probe), for example http://192.168.1.20:8088
rem set "PUBLIC_BASE="
rem Shared secret; with it, only those who know it can write (letters and digits):
rem set "SERVER_TOKEN="
rem Whether a new probe is taken by itself (auto) or only after somebody said yes (approve):
rem set "PROBE_TRUST=auto"
rem A password for the page and the history, 8 characters or more; probes go on without it:
rem set "UI_PASSWORD="
rem More host names under which the hub is opened, separated by commas:
rem set "ALLOWED_HOSTS="
rem Addresses of reverse proxies before the hub whose word about who asks is believed, separated by commas:
rem set "TRUSTED_PROXIES="
rem Files of a certificate and its key (PEM): the page is then also at https, on TLS_PORT
rem set "TLS_CERT="
rem set "TLS_KEY="
rem set "TLS_PORT=8443"
rem The log for Excel:
rem set "CSV_FILE=temperature_log.csv"
rem How the log is written: standard, auto (so that this computer's Excel opens it by double-click), or excel-de, excel-fr, ...
rem set "CSV_STYLE=standard"
rem How often probes measure, in milliseconds:
rem set "DEFAULT_INTERVAL_MS=2000"
rem How much the hub tells: DEBUG, INFO, WARN or ERROR
rem set "LOG_LEVEL=INFO"
rem Folder for the readings and the log (default: this folder), for example D:\Readings; on a desktop that OneDrive keeps in
rem step, %LOCALAPPDATA%\TempHub\data
rem set "DATA_DIR="
rem Addresses of this computer on which probes are looked for (default: all), separated by commas:
rem set "INTERFACES="
rem Age in days at which a whole month moves from the journal into a file of its own in the folder "archive"; 0 is never
rem set "ARCHIVE_AFTER_DAYS=90"
rem Keep this computer awake while the hub runs: on or off
rem set "KEEP_AWAKE=on"
rem Home Assistant or another MQTT broker to pass readings on to, for example mqtt://user:password@192.168.1.5:1883
rem set "MQTT_URL="
rem A web address that is told of new readings, for example https://example.com/readings
rem set "WEBHOOK_URL="
rem A time-series engine that gets every reading, for example http://192.168.1.5:8428, and the name of this place there
rem set "FORWARD_URL="
rem set "FORWARD_TOKEN="
rem set "READ_FROM="
rem set "READ_TOKEN="
rem set "SITE="
rem A web address that is called every minute while readings are recorded, so that somebody outside notices when that
rem stops, for example https://hc-ping.com/your-own-uuid; and how often, in seconds
rem set "HEARTBEAT_URL="
rem set "HEARTBEAT_S=60"
rem A folder that last month's reports (PDF) are written into, for example D:\Reports; their language and paper
rem set "REPORTS_DIR="
rem set "REPORTS_LANGUAGE=en"
rem set "REPORTS_PAPER=a4"
rem The language of alarms that are sent to people: en, de or fr
rem set "ALARMS_LANGUAGE=en"
rem A folder, best on another disk or computer, that a back-up of everything is written into each night, for example E:\Backup;
rem and how many are kept
rem set "BACKUP_DIR="
rem set "BACKUP_KEEP=7"
rem Never fetch a Python by itself when this computer has none:
rem set "TEMPHUB_NO_FETCH=1"
rem Without the pause after a problem, for scripts that call this file:
rem set "TEMPHUB_NO_PAUSE=1"

rem ---------------------------------------------------------------------------------------------------------------
rem Nothing to change from here on. This part finds a Python and hands over to temphub_kernel\bootstrap.py.

if defined CODEPAGE chcp %CODEPAGE% >nul
cd /d "%~dp0" 2>nul
if not exist "temphub_kernel\bootstrap.py" goto alone

rem What another program's Python left behind would mislead ours.
set "PYTHONHOME="
set "PYTHONPATH="
set "PY="
set "PYARG="
set "UNFIT="
set "SECOND="
rem 64-bit, and new enough but no newer than what the packages were tried with.
set "FITS=import sys; sys.exit(0 if (3,11) <= sys.version_info[:2] <= (3,14) and sys.maxsize > 2**32 else 9)"
if defined CONDA_PREFIX call :try "%CONDA_PREFIX%\python.exe"
call :try ".venv\Scripts\python.exe"
if defined PY goto start

:search
if not defined PY call :launcher
rem Every folder of PATH, so that neither an old Python nor the Store's placeholder hides a good one further back.
for %%D in ("%PATH:;=" "%") do call :try "%%~D\python.exe"
for %%D in ("%PATH:;=" "%") do call :try "%%~D\python3.exe"
if not defined PY goto fetch

:start
"%PY%" %PYARG% temphub_kernel\bootstrap.py %*
set "CODE=%ERRORLEVEL%"
if "%CODE%"=="0" exit /b 0
rem 75: the Python inside .venv cannot repair .venv, so another one is looked for, once.
if not "%CODE%"=="75" goto failed
if defined SECOND goto failed
set "SECOND=1"
set "PY="
goto search

:failed
echo.
echo TempHub has stopped with a problem (code %CODE%); what to do about it stands above.
if exist "start.log" echo To ask for help, send this text and the log files start.log and temphub.log in this folder: "%CD%"
if not exist "start.log" if exist "%LOCALAPPDATA%\TempHub\start.log" echo To ask for help, send this text and the log files start.log and temphub.log in "%LOCALAPPDATA%\TempHub"
goto finish

:alone
set "CODE=1"
echo.
echo Problem: the rest of TempHub is not beside Start.bat, so it cannot start.
echo What to do: unpack the whole zip file into a folder of this computer, such as C:\TempHub, and start Start.bat there.
goto finish

rem None is there: one is fetched, once, for this user only.
:fetch
set "FETCHED=off"
if defined TEMPHUB_NO_FETCH goto nopython
if not exist "temphub_kernel\get-python.ps1" goto nopython
echo.
echo No Python that fits was found on this computer; TempHub needs a 64-bit Python 3.11 to 3.14.
echo Python 3.12 is now fetched from python.org (27 MB) and installed for you only; it needs no administrator. Ctrl-C stops this.
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "temphub_kernel\get-python.ps1"
set "FETCHED=%ERRORLEVEL%"
rem The installer adds it to PATH, but this window still has the old one.
call :try "%LOCALAPPDATA%\Programs\Python\Python312\python.exe"
call :try "%LOCALAPPDATA%\Programs\Python\Python312-arm64\python.exe"
if defined PY goto start

:nopython
set "CODE=1"
echo.
if defined UNFIT echo Problem: No 64-bit Python 3.11 to 3.14 was found on this computer, only one that does not fit: "%UNFIT%"
if not defined UNFIT echo Problem: No 64-bit Python 3.11 to 3.14 was found on this computer, and TempHub needs one.
if "%FETCHED%"=="2" echo It could not be fetched: python.org did not answer. Connect this computer to the internet and start again, or:
if "%FETCHED%"=="3" echo What was fetched does not carry the signature of the Python Software Foundation, so it was not run.
if "%FETCHED%"=="4" echo The installation of Python did not finish.
echo What to do: Install Python 3.12 from python.org, the "Windows installer (64-bit)". On its first page tick
echo "Add python.exe to PATH"; it needs no administrator. Then double-click Start.bat again. Other Pythons can stay.
echo With conda instead: conda env create -f environment.yml, then conda activate temphub, then Start.bat in that window.

:finish
echo.
if not defined TEMPHUB_NO_PAUSE pause
exit /b %CODE%

rem Ask the Python launcher, which python.org's installer brings, for each that fits: "py -3" alone would take the newest, again and again.
:launcher
for %%V in (3.12 3.13 3.14 3.11) do call :ask %%V
exit /b 0

:ask
if defined PY exit /b 0
py -%1 -c "%FITS%" >nul 2>nul
if not "%ERRORLEVEL%"=="0" exit /b 0
set "PY=py"
set "PYARG=-%1"
exit /b 0

rem Take the Python named if there is none yet and this one runs and fits. Windows puts a placeholder called
rem python.exe into a folder WindowsApps, which opens the Store: it is never run unless a Python from the Store is there.
:try
if defined PY exit /b 0
if not exist "%~1" exit /b 0
set "CANDIDATE=%~1"
if defined SECOND if /i "%CANDIDATE%"=="%CD%\.venv\Scripts\python.exe" exit /b 0
if "%CANDIDATE:\WindowsApps\=%"=="%CANDIDATE%" goto check
if not exist "%LOCALAPPDATA%\Microsoft\WindowsApps\PythonSoftwareFoundation.*" exit /b 0
:check
"%CANDIDATE%" -c "%FITS%" >nul 2>nul
set "ANSWER=%ERRORLEVEL%"
if "%ANSWER%"=="9" set "UNFIT=%CANDIDATE%"
if "%ANSWER%"=="0" set "PY=%CANDIDATE%"
exit /b 0
