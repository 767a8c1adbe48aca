/// What is legal and yet worth a word, by the name that people write in `lint --ignore` and in comments.
package enum LintRule: String, Sendable, Hashable, CaseIterable, Comparable {
  // Between definitions and files:
  case missingDockerfile = "missing-dockerfile"
  case missingDefinition = "missing-definition"
  case hiddenDefinition = "hidden-definition"
  case contestedAlias = "contested-alias"
  case repeatedTag = "repeated-tag"
  case unusedParameter = "unused-parameter"
  case unusedArgument = "unused-argument"
  // Between images:
  case undeclaredUse = "undeclared-use"
  case unusedDependency = "unused-dependency"
  case emptyDependency = "empty-dependency"
  case contraryDependency = "contrary-dependency"
  // Bases:
  case unknownImage = "unknown-image"
  case unpinnedBase = "unpinned-base"
  case floatingBase = "floating-base"
  // In a Dockerfile:
  case missingSource = "missing-source"
  case remoteSource = "remote-source"
  case wholeContext = "whole-context"
  case unneededStage = "unneeded-stage"
  case repeatedStage = "repeated-stage"
  case unsetArgument = "unset-argument"
  case unknownInstruction = "unknown-instruction"
  case unknownFlag = "unknown-flag"
  case doubtfulSyntax = "doubtful-syntax"
  // In a context:
  case unreachedOutput = "unreached-output"
  case largeContext = "large-context"
  case secretFile = "secret-file"
  case danglingLink = "dangling-link"
  case leftOutFile = "left-out-file"

  /// One line without a full stop.
  package var summary: String {
    switch self {
    case .missingDockerfile: "a definition without Dockerfile makes no image"
    case .missingDefinition: "a Dockerfile without definition is never built"
    case .hiddenDefinition: "a definition hides another one of the same path"
    case .contestedAlias: "two images declare the same alias"
    case .repeatedTag: "an image declares a tag twice"
    case .unusedParameter: "no template, name or tag uses a parameter"
    case .unusedArgument: "no ARG takes an argument of build_args"
    case .undeclaredUse: "an image of the tree is used but not among the dependencies"
    case .unusedDependency: "a dependency is declared but not used, so it only orders the builds"
    case .emptyDependency: "there is no definition below a dependency"
    case .contraryDependency: "a declared order contradicts what is used"
    case .unknownImage: "a base looks like an image of the tree, and none is called so"
    case .unpinnedBase: "coppice.lock has no digest for a base yet"
    case .floatingBase: "a base has no tag, or latest"
    case .missingSource: "COPY, ADD or a bind mount names what is not there, or what .dockerignore leaves out"
    case .remoteSource: "ADD takes something from the network without a checksum"
    case .wholeContext: "it cannot be known which files are copied, so every file is an input"
    case .unneededStage: "no image needs a stage"
    case .repeatedStage: "two stages have the same name"
    case .unsetArgument: "FROM names an argument that has no value"
    case .unknownInstruction: "there is no such instruction, so every file is an input"
    case .unknownFlag: "an instruction has no such flag, so every file is an input"
    case .doubtfulSyntax: "engines differ in what a line means, or refuse it"
    case .unreachedOutput: "no instruction can reach a generated file"
    case .largeContext: "the files that a build can see are larger than context_limit"
    case .secretFile: "a file that the build can see looks like a secret"
    case .danglingLink: "a symbolic link that the build can see leads nowhere"
    case .leftOutFile: "a socket is left out of the context"
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
