package import ImageModel
internal import JSONText

/// What a container gets beside the files of its image: the texts of `.singularity.d`, and the objects of a SIF.
///
/// A function of the image's config and the writer's version alone.
package struct SingularityFiles: Sendable {
  package struct File: Sendable, Hashable {
    /// Relative to the root.
    package var path: FilePath
    package var mode: UInt16
    package var bytes: [UInt8]
  }

  /// The files of `.singularity.d`, by path.
  package let files: [File]
  /// What stands in the SIF before its file system.
  package let objects: [SIFObject]
  /// What the config asks for and a SIF cannot have.
  package let diagnostics: [Diagnostic]

  /// The label that names the image's id.
  package static let configLabel = "coppice.image.config"
  /// The label that names who wrote the SIF.
  package static let writerLabel = "coppice.sif.writer"

  /// - Parameter writer: its name and version; no other word of ours may vary.
  package init(_ config: OCIConfig, writer: String) {
    var labels = config.labels
    labels[Self.configLabel] = config.digest.description
    labels[Self.writerLabel] = writer
    let labelObject = JSONValue.object(
      JSONObject(
        labels.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, .string($0.value)) })
    )
    // What would make the same container again, where the image is still known.
    let definition = "bootstrap: docker-daemon\nfrom: \(config.digest)\n\n"
    let runscript = Runscript.text(entrypoint: config.entrypoint, command: config.command)
    let environment = EnvironmentScript.text(config.environment)
    var texts: [(path: String, text: String, mode: UInt16)] = StandardScripts.all.map { ($0.path, $0.text, 0o755) }
    texts += [
      ("env/10-docker2singularity.sh", environment, 0o755), ("runscript", runscript, 0o755),
      ("labels.json", labelObject.prettyText, 0o644), ("Singularity", definition, 0o644),
    ]
    files = texts.map { File(path: ".singularity.d" / FilePath($0.path), mode: $0.mode, bytes: Array($0.text.utf8)) }
      .sorted { $0.path < $1.path }
    let inspect: JSONValue = [
      "data": [
        "attributes": [
          "environment": ["/.singularity.d/env/10-docker2singularity.sh": Self.shown(environment)],
          "labels": labelObject, "runscript": Self.shown(runscript), "deffile": Self.shown(definition),
        ]
      ],
      "type": "container",
    ]
    objects = [
      SIFObject(.definition, Array(definition.utf8)),
      SIFObject(.json, name: SIFMetadata.inspectName, Array(inspect.text.utf8)),
      SIFObject(.json, name: SIFMetadata.ociConfigName, Array(config.value.text.utf8)),
    ]
    diagnostics = UnexpressedSettings.notes(config) + EnvironmentScript.faults(config.environment)
  }

  /// `inspect` ends the line itself.
  private static func shown(_ text: String) -> JSONValue {
    var text = text[...]
    while text.last == "\n" { text.removeLast() }
    return .string(String(text))
  }
}
