/// The element type, byte order and shape of an array, as its `.npy` header declares them.
package struct ArrayDescriptor: Sendable, Hashable {
    package let elementType: ElementType
    package let isBigEndian: Bool
    /// Whether the first index varies fastest in the file (Fortran order), rather than the last (C order).
    package let isFortranOrder: Bool
    /// The length of each dimension; empty for a scalar.
    package let shape: [Int]
    package let elementCount: Int

    package var byteCount: Int64 { Int64(elementCount) * Int64(elementType.byteCount) }

    /// Describes an array; nil if its size in bytes overflows.
    ///
    /// - Precondition: `shape` has no negative lengths.
    package init?(
        _ elementType: ElementType,
        shape: [Int],
        isFortranOrder: Bool = false,
        isBigEndian: Bool = false
    ) {
        precondition(shape.allSatisfy { $0 >= 0 }, "a dimension is not negative")
        var product = elementType.byteCount
        if !shape.contains(0) {
            for count in shape {
                let (next, isTooLarge) = product.multipliedReportingOverflow(by: count)
                guard !isTooLarge else { return nil }
                product = next
            }
        }
        self.elementType = elementType
        self.shape = shape
        self.isFortranOrder = isFortranOrder
        self.isBigEndian = isBigEndian
        elementCount = shape.contains(0) ? 0 : product / elementType.byteCount
    }

    /// Whether the order of the elements differs from C order.
    ///
    /// Both orders are the same if at most one dimension is longer than 1.
    var isTransposed: Bool {
        isFortranOrder && elementCount > 0 && shape.count(where: { $0 > 1 }) > 1
    }
}
