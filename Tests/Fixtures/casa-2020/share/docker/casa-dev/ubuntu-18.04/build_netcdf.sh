#!/bin/sh
echo netcdf
