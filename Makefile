# Aliases of run.py, for those who type make.
.PHONY: demo test setup check fix serve work lock
demo test setup check fix serve work lock:
	python3 run.py $@
bench-%:
	python3 run.py bench $*
