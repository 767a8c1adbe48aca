package import ImageModel

/// Where an entry of `image_sources` says what no recipe keeps the place of.
package struct ImageEntry: Sendable {
  /// The values of `build_args`, by name.
  package var buildArguments: [String: SourceLocation]
  /// Parameters that no template, name, tag or used parameter names.
  package var unusedParameters: [String: SourceLocation]

  package init(buildArguments: [String: SourceLocation] = [:], unusedParameters: [String: SourceLocation] = [:]) {
    self.buildArguments = buildArguments
    self.unusedParameters = unusedParameters
  }
}
