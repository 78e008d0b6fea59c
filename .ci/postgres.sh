# Sourced by checks that need a PostgreSQL server of their own, in a folder of theirs. It trusts whoever connects, also as its superuser
# `postgres`, until its pg_hba.conf says otherwise.

pg_bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$pg_bin/initdb" ] || pg_bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -1)")
# A server does not run as root.
as_server=()
[ "$(id -u)" -ne 0 ] || as_server=(setpriv --reuid nobody --regid nogroup --clear-groups)

# make_server FOLDER: its files, and nothing that runs yet.
make_server() {
    mkdir "$1"
    [ "$(id -u)" -ne 0 ] || chown nobody "$1"
    (cd "$1" && "${as_server[@]}" "$pg_bin/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null)
}

# start_server FOLDER PORT SETTING...
start_server() {
    local folder=$1 setting settings
    settings="-p $2 -k $folder -c fsync=off"
    shift 2
    for setting in "$@"; do settings+=" -c $setting"; done
    (cd "$folder" && "${as_server[@]}" "$pg_bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o "$settings" start >/dev/null)
}

stop_server() {
    (cd "$1" && "${as_server[@]}" "$pg_bin/pg_ctl" -D "$1/data" -m immediate stop >/dev/null) || true
}
