import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// A tree that is released to a registry and a directory.
extension Repository {
  private static let images = ["base", "science", "other"]

  /// science is made from base; each has two tags, and is published as an image and as a SIF.
  static func toRelease(to registry: Registry, _ settings: String = "") async throws -> Repository {
    try await toRelease(at: registry.address, settings)
  }

  static func toRelease(at address: String, _ settings: String = "") async throws -> Repository {
    let tree = try await Repository(isInMemory: true)
    try tree.write(
      "coppice.yaml",
      """
      namespace: team
      destinations:
        hub: {registry: "\(address)"}
        web: {directory: www}
      \(settings)
      """)
    for image in images {
      let base = image == "science" ? "team/base:1" : "scratch"
      try tree.define(
        "\(image)/1", "image_sources:\n  - {name: \(image), tags: [latest, '1']}\n",
        dockerfile: "FROM \(base)\nCOPY data /\(image)\n")
      try tree.write("share/docker/\(image)/1/data", "\(image)\n")
    }
    return tree
  }

  /// The same, and built: once for all tests, which get copies.
  static func builtToRelease(at address: String, _ settings: String = "") async throws -> Repository {
    let tree = try await toRelease(at: address, settings)
    if let template = try await BuiltTrees.shared.template(settings) {
      let copied = try await Laboratory.run(
        ["cp", "-a", template.description + "/.", tree.directory.path.description])
      try #require(copied.status.isSuccess, "\(String(decoding: copied.errorOutput, as: UTF8.self))")
    }
    try await tree.build()
    return tree
  }

  func release(_ words: String..., expecting code: Int32 = 0) async throws -> Run {
    let run = try await coppice(words)
    try #require(run.exitCode == code, "\(words): \(run.all)")
    return run
  }

  /// `+ docker/base:1 hub` for what a release would do.
  func releasePlan() async throws -> [String] {
    let marks = ["new": "+", "changed": "~", "may": "?", "retired": "-"]
    let run = try await coppice("plan", "--json")
    try #require(run.exitCode == 0, "\(run.all)")
    return try JSONValue(parsing: run.output)["artifacts"]?.array?.compactMap { line in
      guard let mark = line["change"]?.string.flatMap({ marks[$0] }) else { return nil }
      return "\(mark) \(line["id"]?.string ?? "") \(line["destination"]?.string ?? "")"
    } ?? []
  }

  /// What people see of the tree, by name.
  func published(_ registry: Registry) throws -> [String: String] {
    var visible: [String: String] = [:]
    for image in Self.images {
      for tag in ["1", "latest", "1-sif", "latest-sif"] {
        visible["\(image):\(tag)"] = try registry.digest("team/\(image)", tag)
      }
      let file = directory / FilePath("www/\(image)-1.sif")
      visible["\(image)-1.sif"] = (try? Laboratory.files.digest(of: try Laboratory.files.resolved(file)))?.description
    }
    return visible
  }
}

/// What building leaves of the tree that is released.
private actor BuiltTrees {
  static let shared = BuiltTrees()
  private var templates: [String: Task<FilePath, any Error>] = [:]

  /// Nil where nobody would take it away at the end.
  func template(_ settings: String) async throws -> FilePath? {
    guard let lab = Laboratory.directory else { return nil }
    let task =
      templates[settings]
      ?? Task {
        let place = lab / FilePath("built-\(Digest.sha256(settings).short)")
        let tree = try await Repository.toRelease(at: "127.0.0.1:1", settings)
        try await tree.build()
        let places = ["share", "images", ".coppice", "coppice.lock"].filter {
          (try? Laboratory.files.statusIfPresent(of: tree.directory / FilePath($0))) != nil
        }
        try Laboratory.files.createDirectory(place)
        let copied = try await Laboratory.run(["cp", "-a"] + places + [place.description], in: tree.directory.path)
        try #require(copied.status.isSuccess, "\(String(decoding: copied.errorOutput, as: UTF8.self))")
        return place
      }
    templates[settings] = task
    return try await task.value
  }
}
