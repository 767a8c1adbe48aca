internal import ImageModel

/// `coppice sif inspect`.
struct SIFInspectOptions: CommandOptions {
  /// What can be told, by the name of its option.
  enum Part: String, CaseIterable, Sendable {
    case labels, runscript, environment, deffile
    case ociConfig = "oci-config"
  }

  var file: FilePath
  var isJSON: Bool
  /// Empty is what is told when nothing is chosen.
  var parts: [Part]

  static let specification = CommandSpecification(
    name: "sif inspect", summary: "show labels and scripts of a SIF file",
    discussion: [
      "Shows what the file tells about its container: its labels, unless something else is chosen. It is read from the "
        + "objects beside the file system, as 'apptainer inspect' has written or will read them."
    ],
    arguments: [CommonOptions.sifFile],
    options: [
      OptionSpecification("json", "print JSON for programs: what is chosen, or all of it"),
      OptionSpecification("labels", "the labels"),
      OptionSpecification("runscript", "what 'apptainer run' runs"),
      OptionSpecification("environment", "the scripts that set the environment"),
      OptionSpecification("deffile", "the definition that the file was made from"),
      OptionSpecification("oci-config", "how the image was to be run, in the words of OCI"),
    ],
    examples: [
      .init("sif inspect app.sif", "its labels"), .init("sif inspect app.sif --runscript", "what it runs"),
      .init("sif inspect app.sif --json", "everything, for a program"),
    ])

  init(_ arguments: ParsedArguments) {
    file = arguments.file
    isJSON = arguments.has("json")
    parts = Part.allCases.filter { arguments.has($0.rawValue) }
  }
}
