/// What an array file says of its array.
package struct ArrayDescriptor: Sendable, Hashable {
    package let elementType: ElementType
    package let isBigEndian: Bool
    /// Whether the first index varies fastest in the file, and not the last.
    package let isFortranOrder: Bool
    /// Counts along each dimension; none for a single number.
    package let shape: [Int]
    package let elementCount: Int

    package var byteCount: Int64 { Int64(elementCount) * Int64(elementType.byteCount) }

    /// Describes an array; nil where it would have more bytes than a file can.
    ///
    /// - Precondition: no count in `shape` is negative.
    package init?(
        _ elementType: ElementType,
        shape: [Int],
        isFortranOrder: Bool = false,
        isBigEndian: Bool = false
    ) {
        precondition(shape.allSatisfy { $0 >= 0 }, "a count is not negative")
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

    /// Whether the elements stand in another order than in the plain one, last index fastest.
    ///
    /// Where at most one dimension is longer than 1 both orders are the same.
    var isTransposed: Bool {
        isFortranOrder && elementCount > 0 && shape.count(where: { $0 > 1 }) > 1
    }
}
