/// How the weights themselves are written: one of the client's three helpers.
///
/// Source: the official client, `scaleoututil/helpers/plugins`.
package enum WeightsFormat: String, Sendable, Hashable, CaseIterable {
    /// An `.npz`: an archive with one `.npy` for each array.
    case numpy = "numpyhelper"
    /// One vector of little-endian 64-bit floats, without any header.
    case binary = "binaryhelper"
    /// One vector of little-endian 32-bit floats, without any header.
    case android = "androidhelper"

    /// The format a helper of that name reads; nil for a helper that is not the client's own.
    ///
    /// The client's androidhelper signs its containers `Helper`, the name of its class.
    package init?(helper name: String) {
        if name == "Helper" { self = .android } else { self.init(rawValue: name) }
    }

    /// The helper's name, as it stands in `helper_type`.
    package var helper: String { rawValue }

    /// What a raw vector holds; nil for arrays, which say so themselves.
    var rawElementType: ElementType? {
        switch self {
        case .numpy: nil
        case .binary: .float64
        case .android: .float32
        }
    }
}
