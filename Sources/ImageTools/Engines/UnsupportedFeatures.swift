import BuildEngine
import ImageModel

/// What an engine cannot build, and what to do instead.
struct UnsupportedFeatures {
  /// By feature of `DockerfileFacts.features`: what it is called in a message.
  let features: [String: String]
  let engine: String
  let help: String
  var supportsSecrets = true
  var supportsReproducible = true

  /// What buildah before 1.33 does not know.
  private static let newer = [
    "heredoc": "heredocs (<<EOF)", "copy-link": "--link", "copy-parents": "--parents", "copy-exclude": "--exclude",
  ]

  static func containers(_ name: String, _ version: String) -> UnsupportedFeatures {
    let numbers = version.split(separator: ".").prefix(2).map { Int($0.prefix(while: \.isNumber)) ?? 0 }
    let pair = (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
    // podman 4.9 and later carry a buildah of 1.33 or later.
    let isNew = name == "buildah" ? pair >= (1, 33) : pair >= (4, 9)
    return UnsupportedFeatures(
      features: isNew ? [:] : newer, engine: "\(name) \(version)",
      help: "build with docker's BuildKit (--engine docker) or a newer \(name), or write it another way")
  }

  static let legacyDocker = UnsupportedFeatures(
    features: newer.merging([
      "mount-bind": "RUN --mount", "mount-cache": "RUN --mount", "mount-secret": "RUN --mount",
      "mount-ssh": "RUN --mount",
      "copy-chmod": "--chmod",
    ]) { $1 },
    engine: "docker's legacy builder",
    help: "install docker's buildx plugin, or build with --engine podman or --engine buildah", supportsSecrets: false,
    supportsReproducible: false)

  static func buildKit(_ version: String, isEmbedded: Bool) -> UnsupportedFeatures {
    UnsupportedFeatures(
      features: isEmbedded ? newer : [:], engine: "docker \(version) with its own BuildKit",
      help: "name a newer front end (# syntax=docker/dockerfile:1) or install docker's buildx plugin",
      supportsReproducible: false)
  }

  func refusal(of recipe: ImageRecipe) -> StepFailure? {
    if !supportsReproducible && recipe.isReproducible {
      return StepFailure(
        "\(engine) cannot set every time in an image, as `reproducible: true` asks", at: recipe.location,
        help: "build with --engine buildah or --engine podman")
    }
    if !supportsSecrets, let secret = recipe.secrets.first {
      return StepFailure(
        "\(engine) knows no secrets ('\(secret.id)')", at: recipe.location, help: help)
    }
    for feature in recipe.dockerfile.features.sorted() {
      guard let words = features[feature] else { continue }
      let place = FeaturePlace.find(feature, in: recipe.dockerfile)
      return StepFailure("\(place): \(engine) does not know \(words)", help: help)
    }
    return nil
  }
}

/// Where a feature is used.
private enum FeaturePlace {
  static func find(_ feature: String, in dockerfile: DockerfileFacts) -> SourceLocation {
    let parts = feature.split(separator: "-")
    let mark = feature == "heredoc" ? "<<" : parts[0] == "mount" ? "--mount" : "--" + (parts.last ?? "")
    let found = dockerfile.instructions.first { instruction in
      instruction.canonical.split(separator: "\n").first?.split(separator: " ").dropFirst()
        .contains { $0.hasPrefix(mark) } ?? false
    }
    return found?.location ?? SourceLocation(file: dockerfile.file)
  }
}
