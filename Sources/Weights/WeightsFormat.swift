/// The format of the weights: one of the official client's three helpers.
///
/// Source: the official client, `scaleoututil/helpers/plugins`.
package enum WeightsFormat: String, Sendable, Hashable, CaseIterable {
    /// An `.npz`: an archive with one `.npy` for each array.
    case numpy = "numpyhelper"
    /// One vector of little-endian 64-bit floats, without a header.
    case binary = "binaryhelper"
    /// One vector of little-endian 32-bit floats, without a header.
    case android = "androidhelper"

    /// Returns the format of a helper; nil for an unknown helper.
    ///
    /// The client's androidhelper writes `Helper`, the name of its class, into its containers.
    package init?(helper name: String) {
        if name == "Helper" { self = .android } else { self.init(rawValue: name) }
    }

    /// The name of the helper, as in `helper_type`.
    package var helper: String { rawValue }

    /// The element type of a raw vector; nil for numpy arrays, whose headers declare it.
    var rawElementType: ElementType? {
        switch self {
        case .numpy: nil
        case .binary: .float64
        case .android: .float32
        }
    }
}
