/// The type of a command, with its name on the wire.
package struct CommandType: Sendable, Hashable {
    package let name: String

    /// Only for root commands: the run of a session, whose tasks are model updates.
    package static let startSession = CommandType(name: "Scaleout_StartSession")
    package static let modelUpdate = CommandType(name: "Scaleout_ModelUpdate")
    package static let validation = CommandType(name: "Scaleout_Validation")
    package static let stageModel = CommandType(name: "Scaleout_StageModel")
    package static let inference = CommandType(name: "Scaleout_Inference")
    package static let restartClient = CommandType(name: "Scaleout_RestartClient")

    /// Returns the custom type of a name; the prefix `Custom_` is added if it is missing.
    ///
    /// - Throws: ``ControlError/commandTypeMissing``, ``ControlError/commandTypeForbidden(_:)``.
    package static func custom(_ name: String?) throws(ControlError) -> CommandType {
        guard let name, !name.isEmpty else { throw .commandTypeMissing }
        guard !name.hasPrefix("Fedn_") else { throw .commandTypeForbidden(name) }
        return CommandType(name: name.hasPrefix("Custom_") ? name : "Custom_\(name)")
    }

    /// Creates a type from a stored name, unchecked.
    init(name: String) {
        self.name = name
    }
}
