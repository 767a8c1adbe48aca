#!/bin/sh
echo askpass-bioproj.sh
