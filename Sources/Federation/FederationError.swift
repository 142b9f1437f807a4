/// Why a request is refused by a rule of the federated network.
package enum FederationError: Error, Sendable, Hashable {
    /// A sender whose id is unknown, as `client <id>`.
    case unknownSender(String)
    case unknownHelper
    /// There is no package of that name, or none is active.
    case noPackage
    /// The package cannot be deleted, because it is active.
    case activePackage(String)
    case noCombiner
    case unknownCombiner(String)
    /// A client of another major version than this server supports.
    case incompatibleVersion(String)
    /// The current attributes of an entity are longer than is returned at once.
    case tooManyAttributes(byteCountMax: Int)
}

extension FederationError {
    /// What clients read; those of the official clients match the reference's to the letter.
    package var message: String {
        switch self {
        case .unknownSender(let name): "the sender, \(name), is not known here"
        case .unknownHelper: "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"
        case .noPackage: "Entity not found"
        case .activePackage(let id):
            "Package with id: \(id) is the active one; activate another package, or none, before deleting it"
        case .noCombiner: "No combiner available."
        case .unknownCombiner(let name): "Combiner \(name) not found or unavailable."
        case .tooManyAttributes(let byteCountMax):
            "The current attributes of an entity are longer than \(byteCountMax) bytes; list them with GET attributes"
        case .incompatibleVersion(let version):
            "Client version \(version) does not fit this server, which speaks to versions 1.x"
        }
    }
}
