/// The program of `apptainer run`: entrypoint and command of the image, with what the caller says in place of the command.
///
/// A shell evaluates the words of image and caller, as Apptainer has it; with SINGULARITY_NO_EVAL they stay as they are.
enum Runscript {
  static func text(entrypoint: [String], command: [String]) -> String {
    """
    #!/bin/sh
    OCI_ENTRYPOINT='\(quoted(entrypoint))'
    OCI_CMD='\(quoted(command))'

    # The words as they are, if that is asked for.
    if [ -n "${SINGULARITY_NO_EVAL:-}" ]; then
        if [ $# -eq 0 ]; then
            :
    \(prepending(command))    fi
    \(prepending(entrypoint))    exec "$@"
    fi

    # Else the words as a shell evaluates them, those of the caller within double quotes.
    CMDLINE_ARGS=""
    for arg in "$@"; do
        CMDLINE_ARGS="${CMDLINE_ARGS} \\"$arg\\""
    done
    if [ $# -gt 0 ]; then
        SINGULARITY_OCI_RUN="${OCI_ENTRYPOINT} ${CMDLINE_ARGS}"
    else
        SINGULARITY_OCI_RUN="${OCI_ENTRYPOINT} ${OCI_CMD}"
    fi
    eval "set ${SINGULARITY_OCI_RUN}"
    exec "$@"

    """
  }

  /// Each word within double quotes, all within single quotes.
  private static func quoted(_ words: [String]) -> String {
    words.map { "\"\($0.escapedForDoubleQuotes)\"" }.joined(separator: " ").escapedForSingleQuotes
  }

  /// Lines that put the words before the caller's; a word may have lines of its own.
  private static func prepending(_ words: [String]) -> String {
    words.reversed().map { "set -- '\($0.escapedForSingleQuotes)' \"$@\"\n" }.joined()
  }
}
