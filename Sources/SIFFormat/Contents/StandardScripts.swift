/// The scripts that are the same in every container.
enum StandardScripts {
  /// By path below `.singularity.d`; all are executable.
  static let all: [(path: String, text: String)] = [
    ("actions/exec", exec), ("actions/run", run), ("actions/shell", shell), ("actions/start", start),
    ("actions/test", test), ("env/01-base.sh", empty), ("env/90-environment.sh", empty), ("env/94-appsbase.sh", empty),
    ("env/95-apps.sh", apps), ("env/99-base.sh", base), ("env/99-runtimevars.sh", runtimeVariables),
    ("startscript", empty),
  ]

  private static let empty = "#!/bin/sh\n"

  private static let environment = """
    for script in /.singularity.d/env/*.sh; do
        if [ -f "$script" ]; then
            . "$script"
        fi
    done

    """

  private static let exec = """
    #!/bin/sh
    \(environment)
    exec "$@"

    """

  private static let run = """
    #!/bin/sh
    \(environment)
    if [ -n "${SINGULARITY_APPNAME:-}" ]; then
        for app in "$SINGULARITY_APPNAME" singularity; do
            if [ -x "/scif/apps/$app/scif/runscript" ]; then
                exec "/scif/apps/$app/scif/runscript" "$@"
            fi
        done
        echo "The application $SINGULARITY_APPNAME has no runscript" >&2
        exit 1
    fi
    if [ -x /.singularity.d/runscript ]; then
        exec /.singularity.d/runscript "$@"
    fi
    exec /bin/sh "$@"

    """

  private static let shell = """
    #!/bin/sh
    \(environment)
    for SHELL in "${SINGULARITY_SHELL:-}" /bin/bash /bin/sh; do
        if [ -n "$SHELL" ] && [ -x "$SHELL" ]; then
            export SHELL
            case $SHELL in
            /bin/bash) exec /bin/bash --norc "$@" ;;
            *) exec "$SHELL" "$@" ;;
            esac
        fi
    done
    echo "There is no shell in this container" >&2
    exit 1

    """

  /// The first line is what the runtime waits for.
  private static let start = """
    #!/bin/sh
    kill -CONT 1
    \(environment)
    if [ -x /.singularity.d/startscript ]; then
        exec /.singularity.d/startscript
    fi

    """

  private static let test = """
    #!/bin/sh
    \(environment)
    if [ -n "${SINGULARITY_APPNAME:-}" ]; then
        for app in "$SINGULARITY_APPNAME" singularity; do
            if [ -x "/scif/apps/$app/scif/test" ]; then
                exec "/scif/apps/$app/scif/test" "$@"
            fi
        done
        echo "The application $SINGULARITY_APPNAME has no test" >&2
        exit 1
    fi
    if [ -x /.singularity.d/test ]; then
        exec /.singularity.d/test "$@"
    fi

    """

  /// The environment of an application of the container (SCIF), when one is asked for.
  private static let apps = """
    #!/bin/sh
    if [ -n "${SINGULARITY_APPNAME:-}" ]; then
        SCIF_APPS=/scif/apps
        SCIF_APPROOT=$SCIF_APPS/$SINGULARITY_APPNAME
        if [ ! -d "$SCIF_APPROOT" ]; then
            echo "There is no application $SINGULARITY_APPNAME in this container" >&2
            exit 1
        fi
        export SINGULARITY_APPNAME SCIF_APPS SCIF_APPROOT
        PATH="$SCIF_APPROOT:$SCIF_APPS/singularity:$PATH"
        for app in "$SCIF_APPROOT" "$SCIF_APPS/singularity"; do
            if [ -d "$app/bin" ]; then
                PATH="$app/bin:$PATH"
                break
            fi
        done
        for app in "$SCIF_APPROOT" "$SCIF_APPS/singularity"; do
            if [ -d "$app/lib" ]; then
                LD_LIBRARY_PATH="$app/lib:${LD_LIBRARY_PATH:-}"
                export LD_LIBRARY_PATH
                break
            fi
        done
        for name in 01-base.sh 90-environment.sh; do
            for app in "$SCIF_APPROOT" "$SCIF_APPS/singularity"; do
                if [ -f "$app/scif/env/$name" ]; then
                    . "$app/scif/env/$name"
                    break
                fi
            done
        done
        export PATH
    fi

    """

  /// The runtime gives the caller's variables right after this one, and binds the libraries of graphics cards there.
  private static let base = """
    #!/bin/sh
    LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/.singularity.d/libs"
    PS1="${PS1:-Apptainer> }"
    export LD_LIBRARY_PATH PS1

    """

  /// What the caller wants before, behind or in place of PATH.
  private static let runtimeVariables = """
    #!/bin/sh
    if [ -n "${SING_USER_DEFINED_PREPEND_PATH:-}" ]; then
        PATH="$SING_USER_DEFINED_PREPEND_PATH:$PATH"
    fi
    if [ -n "${SING_USER_DEFINED_APPEND_PATH:-}" ]; then
        PATH="$PATH:$SING_USER_DEFINED_APPEND_PATH"
    fi
    if [ -n "${SING_USER_DEFINED_PATH:-}" ]; then
        PATH="$SING_USER_DEFINED_PATH"
    fi
    unset SING_USER_DEFINED_PREPEND_PATH SING_USER_DEFINED_APPEND_PATH SING_USER_DEFINED_PATH
    export PATH

    """
}
