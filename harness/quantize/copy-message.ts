/** A copy of a protobuf message with some fields changed. A spread would lose the defaults of unset fields, which are on the prototype. */
export function copyMessage<M extends object>(message: M, changes: Partial<M> = {}): M {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes) as M;
}
