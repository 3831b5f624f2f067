// PostGraphile 5 is for Node 22; of what that brings, this is all that it needs on Node 20.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};
