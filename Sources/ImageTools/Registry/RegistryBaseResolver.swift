package import BuildEngine
package import HostSystem
package import ImageModel
internal import JSONText

/// Finds the digest behind a tag in its registry; for an image that only the engine has, there.
package struct RegistryBaseResolver: BaseResolver {
  private let engines: EngineFinder
  private let client: RegistryClient

  /// - Parameters:
  ///   - environment: where `docker login` keeps credentials, and certificates: HOME, DOCKER_CONFIG,
  ///     REGISTRY_AUTH_FILE, SSL_CERT_FILE and their kin.
  ///   - note: told what takes long.
  package init(
    engines: EngineFinder, files: any FileSystem, processes: any ProcessRunner, environment: [String: String],
    note: @escaping @Sendable (Diagnostic) -> Void = { _ in }
  ) {
    let client = RegistryClient(files: files, processes: processes, environment: environment, note: note)
    self.init(engines: engines, client: client)
  }

  init(engines: EngineFinder, client: RegistryClient) {
    self.engines = engines
    self.client = client
  }

  package func resolve(
    _ reference: ImageReference, platform: Platform, pinned: PinnedBase?
  ) async throws -> ResolvedBase {
    do {
      let digest = try await client.manifestDigest(of: reference, platform: platform)
      let config = try? await client.config(of: reference, manifest: digest, platform: platform)
      return Self.base(PinnedBase(digest: digest), config)
    } catch let error as RegistryError {
      switch error.kind {
      case .unreachable, .denied, .notFound:
        if pinned?.isLocal ?? true, let local = await local(reference) { return local }
      // It will tell soon: what the engine has may be old.
      case .busy, .malformed: break
      }
      throw error.failure
    }
  }

  /// The bytes of the config of the image that a pin means, as its registry has them.
  /// - Parameter manifest: of the image, or of an index that has one for the platform.
  /// - Throws: `Failure` when the registry cannot tell.
  package func config(of reference: ImageReference, manifest: Digest, platform: Platform) async throws -> [UInt8] {
    do {
      return try await client.config(of: reference, manifest: manifest, platform: platform)
    } catch let error as RegistryError {
      throw error.failure
    }
  }

  /// With what its config says; nothing when that cannot be had, which a build finds out.
  private static func base(_ pin: PinnedBase, _ config: [UInt8]?) -> ResolvedBase {
    guard let config = config.flatMap({ try? JSONValue(parsing: $0) })?["config"] else { return ResolvedBase(pin) }
    var pin = pin
    pin.onBuild = config["OnBuild"]?.strings ?? []
    return ResolvedBase(pin, environment: EnvironmentList.variables(config["Env"]?.strings ?? []))
  }

  /// The image of that name in the engine.
  private func local(_ reference: ImageReference) async -> ResolvedBase? {
    guard let engine = try? await engines.engine(),
      let image = try? await engine.image(named: reference.canonical),
      let config = try? await engine.config(of: image)
    else { return nil }
    let pin = PinnedBase(digest: config, isLocal: true, onBuild: (try? await engine.onBuild(of: image)) ?? [])
    return ResolvedBase(pin, environment: try? await engine.environment(of: image))
  }
}
