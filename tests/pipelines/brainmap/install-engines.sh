#!/bin/sh
# The tests on Spark need Java 17 or 21 and PySpark. On Debian, root gets Java; others are told.
# Usage: install-engines.sh PYTHON
set -e
requirements=$(dirname "$0")/../../..
"$1" -m pip install --quiet -r "$requirements/requirements-dask.txt" -r "$requirements/requirements-spark.txt"
command -v java >/dev/null 2>&1 && exit 0
if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
	apt-get update -qq
	for package in openjdk-17-jre-headless openjdk-21-jre-headless; do
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null && exit 0
	done
fi
echo "No Java: install 17 or 21 (Debian: apt install openjdk-17-jre-headless); the tests on Spark fail." >&2
