#!/bin/sh
echo install_ubuntu_14.04_crossbuild.sh
