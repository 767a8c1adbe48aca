#!/bin/sh
echo sip
